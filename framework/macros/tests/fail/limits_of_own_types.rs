use toolcrib::prelude::*;

#[derive(Clone, Copy, Default, Choices)]
enum Stage {
    #[default]
    Lead,
}

#[derive(Clone, Default, Adapter)]
struct Limits {
    #[field(max_chars = 3)]
    stage: Stage,
    #[field(min = 3)]
    other: Option<Stage>,
}

fn main() {}
