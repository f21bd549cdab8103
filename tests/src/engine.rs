//! The two database engines, and tests that run on both.

use std::fmt;
use std::future::Future;

/// The database a server under test stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in the server's own folder.
    Sqlite,
    /// A database of its own in the throw-away cluster.
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// Runs one test's future to its end.
///
/// # Panics
///
/// When the runtime cannot be built, and when the test panics.
pub fn run(fact: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime for the test")
        .block_on(fact);
}

/// Makes two tests of each fact: `on_sqlite::fact` and `on_postgres::fact`. A fact that is not listed is dead code, and
/// the compiler says so.
#[macro_export]
macro_rules! on_both_engines {
    ($($fact:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[test]
                fn $fact() {
                    $crate::run(super::$fact($crate::Engine::Sqlite));
                }
            )+
        }

        mod on_postgres {
            $(
                #[test]
                fn $fact() {
                    $crate::run(super::$fact($crate::Engine::Postgres));
                }
            )+
        }
    };
}
