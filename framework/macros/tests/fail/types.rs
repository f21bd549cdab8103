use std::collections::HashMap;

use toolcrib::prelude::*;

#[derive(Clone, Default, Adapter)]
struct Types {
    fits: String,
    map: HashMap<String, String>,
    byte: Option<u8>,
}

#[derive(Adapter)]
struct NoDefault {
    title: String,
}

#[derive(Clone, Default, Adapter)]
struct Paths {
    #[field(check = wrong_check)]
    checked: String,
    #[field(check = not_there)]
    missing: String,
    #[field(choices = wrong_choices)]
    chosen: String,
}

fn wrong_check(_: &mut i64) -> Result<(), String> {
    Ok(())
}

fn wrong_choices() -> Vec<String> {
    Vec::new()
}

#[derive(Actions)]
enum NoCopy {
    A,
}

fn main() {}
