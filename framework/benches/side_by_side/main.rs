//! The same two pages twice: by hand on actix-web, and as page modules. See `../README.md`.
//!
//! One process listens on two ports, so that both are measured on the same machine state, one
//! after the other.

mod by_hand;
mod data;
mod modules;

use std::process::ExitCode;

/// Both sides allocate with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    toolcrib::run(async {
        let mut arguments = std::env::args().skip(1);
        let (Some(folder), Some(hand), Some(module)) =
            (arguments.next(), port(arguments.next()), port(arguments.next()))
        else {
            eprintln!("usage: side_by_side FOLDER PORT_BY_HAND PORT_MODULES");
            return ExitCode::FAILURE;
        };
        let database = format!("sqlite://{folder}/side_by_side.db");
        let served = async {
            let site = modules::site(&database, module).await?;
            data::fill(site.site().db()).await?;
            let hand = by_hand::serve(&database, hand).await?;
            tokio::select! {
                ended = site.serve() => ended?,
                ended = hand => ended?,
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        };
        match served.await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    })
}

fn port(argument: Option<String>) -> Option<u16> {
    argument?.parse().ok()
}
