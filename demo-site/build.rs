//! Tells Cargo that the program contains the migrations, so that a new one is not overlooked.

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
}
