use toolcrib::prelude::*;

#[derive(Clone, Copy, PartialEq, Actions)]
enum Act {
    #[action(lable = "x", right = "", danger = true, no_fields, no_fields)]
    SendMail,
    Send_Mail,
    #[action(name = "x")]
    Delete,
}

#[derive(Clone, Copy, Choices)]
enum Stage {
    Lead,
    #[choice(value = "lead")]
    Again,
    #[choice(value = " x", label = "")]
    Space,
    #[choice(text = "x")]
    Unknown,
}

fn main() {
    let _ = (Act::ALL, Stage::Lead.as_str());
}
