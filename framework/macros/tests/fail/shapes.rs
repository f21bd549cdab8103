use toolcrib::prelude::*;

#[derive(Clone, Default, Adapter)]
struct Generic<T>(T);

#[derive(Clone, Default, Adapter)]
struct Borrowed<'a> {
    text: &'a str,
}

#[derive(Clone, Default, Adapter)]
struct Tuple(String);

#[derive(Clone, Default, Adapter)]
struct Unit;

#[derive(Clone, Adapter)]
enum Enum {
    A,
}

#[derive(Adapter)]
union Union {
    a: u32,
}

#[derive(Clone, Copy, PartialEq, Actions)]
struct NoEnum;

#[derive(Clone, Copy, PartialEq, Actions)]
enum Nothing {}

#[derive(Clone, Copy, PartialEq, Choices)]
enum Values {
    A(u8),
    B { b: u8 },
}

#[derive(Choices)]
enum GenericEnum<const N: usize> {
    A,
}

fn main() {}
