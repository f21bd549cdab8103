//! What a server under test stands on, and tests that run on all of it.

use std::fmt;
use std::future::Future;

/// The database a server under test stands on, and how many processes share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in the server's own folder.
    Sqlite,
    /// A database of its own in the throw-away cluster.
    Postgres,
    /// The same for two processes, which visitors reach through one proxy.
    TwoNodes,
}

impl Engine {
    /// How many processes make up the site.
    #[must_use]
    pub fn nodes(self) -> usize {
        match self {
            Self::Sqlite | Self::Postgres => 1,
            Self::TwoNodes => 2,
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::TwoNodes => "two nodes",
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
        $crate::on_engine! { on_sqlite: Sqlite, $($fact),+ }
        $crate::on_engine! { on_postgres: Postgres, $($fact),+ }
    };
}

/// Makes three tests of each fact: `on_sqlite::fact`, `on_postgres::fact` and `on_two_nodes::fact`. Facts about one process
/// follow after a semicolon and `on_one_node:`, and make two.
#[macro_export]
macro_rules! on_all_engines {
    ($($fact:ident),+ $(,)?) => {
        $crate::on_both_engines! { $($fact),+ }
        $crate::on_engine! { on_two_nodes: TwoNodes, $($fact),+ }
    };
    ($($fact:ident),+ $(,)?; on_one_node: $($one:ident),+ $(,)?) => {
        $crate::on_both_engines! { $($fact),+, $($one),+ }
        $crate::on_engine! { on_two_nodes: TwoNodes, $($fact),+ }
    };
}

/// Makes a module with a test of each fact on one engine: `on_engine! { on_two_nodes: TwoNodes, fact }`.
#[macro_export]
macro_rules! on_engine {
    ($module:ident: $engine:ident, $($fact:ident),+ $(,)?) => {
        mod $module {
            $(
                #[test]
                fn $fact() {
                    $crate::run(super::$fact($crate::Engine::$engine));
                }
            )+
        }
    };
}
