//! Tells Cargo that a new migration is a change: the macro that embeds them only knows the old ones.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
