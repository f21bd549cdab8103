//! `demo-site user add NAME`: how a new site gets its first administrator.

use std::io::{self, BufRead, IsTerminal};

use clap::{Args, Subcommand};
use toolcrib::Settings;
use toolcrib::settings::Profile;
use toolcrib::users::password::MAX_PASSWORD_BYTES;
use toolcrib::users::{CreateUserError, NewUser, PasswordRefused, fold};

use super::{Failure, say};
use crate::db::seed::USERS;
use crate::site;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a user; the password is asked for at a terminal, otherwise it is the first line of standard input
    Add(AddArguments),
}

#[derive(Debug, Args)]
pub(super) struct AddArguments {
    /// The name to sign in with
    name: String,
    /// What the user may do: admin, sales, viewer, or a role that was made since; may be given several times
    #[arg(long = "role", required = true)]
    roles: Vec<String>,
    /// The name to show, where it is not the one to sign in with
    #[arg(long)]
    display_name: Option<String>,
}

/// Does what is to be done with users.
pub(super) async fn user(settings: Settings, command: UserCommand) -> Result<(), Failure> {
    let UserCommand::Add(arguments) = command;
    add(settings, arguments).await
}

async fn add(settings: Settings, arguments: AddArguments) -> Result<(), Failure> {
    let AddArguments { name, roles, display_name } = arguments;
    // It would be taken for one at the next start.
    if settings.profile == Profile::Production && USERS.iter().any(|user| user.0 == fold(&name)) {
        return Err(format!("{name} is a demo user's name, which a production profile refuses").into());
    }
    // Before the database is opened: nothing comes of it without a password.
    let password = if io::stdin().is_terminal() { asked(&name)? } else { first_line(&mut io::stdin().lock())? };
    let server = site::build(settings).await?;
    let (db, users) = (server.site().db(), server.site().users());
    let hash = match users.hash_password(&name, password).await {
        Ok(hash) => hash,
        Err(PasswordRefused::Weak(weak)) => return Err(weak.to_string().into()),
        Err(error) => return Err(error.into()),
    };
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let display_name = display_name.as_deref().unwrap_or(&name);
    let mut tx = db.begin().await?;
    let user = NewUser { name: &name, display_name, password: &hash, roles: &roles };
    match users.create(&mut tx, user).await {
        Ok(_) => tx.commit().await?,
        Err(CreateUserError::Db(error)) => return Err(error.into()),
        Err(refusal) => return Err(format!("{name}: {refusal}").into()),
    }
    db.close().await;
    say(&format!("{name} can sign in now, as {}.", roles.join(", ")));
    Ok(())
}

/// The password, typed twice; nothing of it is shown.
fn asked(name: &str) -> Result<String, Failure> {
    let password = rpassword::prompt_password(format!("Password of {name}: "))?;
    let again = rpassword::prompt_password("The same again: ")?;
    if password == again { Ok(password) } else { Err("the two are not the same".into()) }
}

/// The first line, without its end. What comes after a password's greatest length is not read.
fn first_line(input: &mut impl BufRead) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    io::Read::take(input, MAX_PASSWORD_BYTES as u64 + 2).read_until(b'\n', &mut bytes)?;
    let line = String::from_utf8(bytes).map_err(|_| "the password is not UTF-8")?;
    let line = line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err("there is no password on standard input".into());
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Result<String, String> {
        first_line(&mut &*input).map_err(|error| error.to_string())
    }

    #[test]
    fn a_password_is_one_line_without_its_end() {
        for input in ["correct horse", "correct horse\n", "correct horse\r\n", "correct horse\nand more\n"] {
            assert_eq!(read(input.as_bytes()).as_deref(), Ok("correct horse"), "{input:?}");
        }
        assert_eq!(read(b" two  spaces \n").as_deref(), Ok(" two  spaces "), "spaces are part of it");
    }

    #[test]
    fn nothing_is_no_password_and_neither_is_what_is_no_text() {
        for input in [&b""[..], b"\n", b"\r\n"] {
            assert!(read(input).expect_err("refused").contains("no password"));
        }
        assert!(read(b"\xff\xfe\n").expect_err("refused").contains("UTF-8"));
    }

    #[test]
    fn one_that_is_too_long_is_read_as_too_long() {
        let read = read(&vec![b'x'; 1 << 20]).expect("read");
        assert!((MAX_PASSWORD_BYTES + 1..=MAX_PASSWORD_BYTES + 2).contains(&read.len()));
    }
}
