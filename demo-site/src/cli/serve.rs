//! `demo-site serve`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use toolcrib::Settings;
use toolcrib::prelude::AppModule;

use super::{Failure, say};
use crate::config::{DEMO_PASSWORD, DemoUsers};
use crate::db::seed::USERS;
use crate::demo_users::LogIns;
use crate::site::{self, Crm};

/// Serves until the program is told to stop.
pub(super) async fn serve(settings: Settings) -> Result<(), Failure> {
    let demo_users = DemoUsers::load(settings.profile)?;
    let _log = toolcrib::start_logging(settings.profile);
    let public_url = settings.server.public_url.clone();
    let (server, log_ins) = site::start(settings, &demo_users).await?;
    // Said before listening is tried: should that fail, a made-up password would be lost.
    if log_ins != LogIns::None {
        say(&log_in_line(&log_ins));
    }
    server
        .serve_and(|addresses| {
            let address = public_url.or_else(|| addresses.first().map(|address| url(*address)));
            say(&format!("{} is at {}", Crm::TITLE, address.unwrap_or_default()));
        })
        .await?;
    Ok(())
}

/// How the demo users can be signed in to.
pub(super) fn log_in_line(log_ins: &LogIns) -> String {
    let names = USERS.map(|(name, ..)| name).join(", ");
    match log_ins {
        LogIns::None => "There are no demo users.".to_owned(),
        LogIns::Random(password) => {
            format!("Sign in as {names} with the password {password} (made up just now, not shown again)")
        }
        LogIns::Given => format!("Sign in as {names} with the password in {DEMO_PASSWORD}"),
        LogIns::GivenTooLate => format!(
            "Sign in as {names} with the password they were made with: {DEMO_PASSWORD} is another one, \
             and only counts in an empty database"
        ),
        LogIns::Earlier => format!("Sign in as {names} with the password printed at the first start"),
    }
}

/// An address to open in a browser: "every address of this machine" is none.
fn url(address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_can_be_opened() {
        let url_of = |address: &str| url(address.parse().expect("an address"));
        assert_eq!(url_of("127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(url_of("0.0.0.0:80"), "http://127.0.0.1:80");
        assert_eq!(url_of("[::]:80"), "http://127.0.0.1:80");
        assert_eq!(url_of("[::1]:80"), "http://[::1]:80");
    }
}
