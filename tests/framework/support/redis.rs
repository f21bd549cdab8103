//! Facts about sessions, run once more with the sessions in Redis.

use std::future::Future;

use toolcrib_tests::Redis;

tokio::task_local! {
    static URL: String;
}

/// Where the sites keep their sessions that are started here, if it is Redis.
pub(super) fn redis_url() -> Option<String> {
    URL.try_with(Clone::clone).ok()
}

/// Sites that are started by this future keep their sessions in that Redis.
pub(crate) async fn in_redis<T>(redis: &Redis, future: impl Future<Output = T>) -> T {
    URL.scope(redis.url(), future).await
}

/// Runs a fact to its end; its sites keep their sessions in a Redis of the fact's own.
pub(crate) fn run_in_redis(fact: impl Future<Output = ()>) {
    toolcrib_tests::run(async {
        let redis = Redis::start().await;
        in_redis(&redis, fact).await;
    });
}

/// Makes two more tests of each fact of other modules: with sessions in Redis beside either database.
macro_rules! in_redis_too {
    ($($module:ident { $($fact:ident),+ $(,)? })+) => {
        mod beside_sqlite {
            $(
                mod $module {
                    $(
                        #[test]
                        fn $fact() {
                            crate::support::run_in_redis(crate::$module::$fact(toolcrib_tests::Engine::Sqlite));
                        }
                    )+
                }
            )+
        }

        mod beside_postgres {
            $(
                mod $module {
                    $(
                        #[test]
                        fn $fact() {
                            crate::support::run_in_redis(crate::$module::$fact(toolcrib_tests::Engine::Postgres));
                        }
                    )+
                }
            )+
        }
    };
}
pub(crate) use in_redis_too;
