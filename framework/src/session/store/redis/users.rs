//! A user's sessions, changed with the transaction that changes the user.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::link::{Link, Step};
use super::{AT_ONCE, DOUBT, Redis, token};
use crate::clock::micros;
use crate::db::{Beside, Conn, DbError};
use crate::session::EndUser;
use crate::session::fields::USER;

/// All sessions of a user but one end right before COMMIT.
struct EndOthers {
    link: Link,
    step: Step,
}

/// A user's entry changes in all sessions of the user: in doubt before COMMIT, written after it.
struct Refresh {
    link: Link,
    user_id: String,
    json: String,
    token: String,
    /// The number of the change, by which a later one is not written over.
    number: i64,
}

impl Redis {
    pub(in crate::session::store) async fn end_where(
        &self,
        tx: &mut Conn,
        user_id: &str,
        kept: i64,
    ) -> Result<u64, DbError> {
        let count = self.link.ask(Step::new("count_others").with(user_id).with(kept)).await?;
        let step = Step::new("finish_others").with(user_id).with(kept);
        tx.commit_beside(EndOthers { link: self.link.clone(), step });
        Ok(count)
    }

    pub(in crate::session::store) async fn refresh_user(
        &self,
        tx: &mut Conn,
        user: &EndUser,
        json: String,
    ) -> Result<(), DbError> {
        let (link, user_id) = (self.link.clone(), user.id.clone());
        tx.commit_beside(Refresh { link, user_id, json, token: token(), number: 0 });
        Ok(())
    }

    pub(in crate::session::store) async fn signed_in(&self, _: &mut Conn, users: &[i64]) -> Result<Vec<i64>, DbError> {
        let mut found = Vec::new();
        for some in users.chunks(AT_ONCE) {
            let step = some.iter().fold(Step::new("signed_in"), Step::with);
            found.extend(self.link.ask::<Vec<i64>>(step).await?);
        }
        Ok(found)
    }

    pub(in crate::session::store) async fn is_of(&self, _: &mut Conn, id: i64, user_id: &str) -> Result<bool, DbError> {
        Ok(self.link.ask::<i64>(Step::new("check").with(id).with(user_id)).await? == 1)
    }
}

impl Beside for EndOthers {
    fn prepare(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        async { self.link.ask::<i64>(self.step.clone()).await.map(drop) }.boxed()
    }

    fn carry_out(self: Box<Self>) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }

    /// A failure leaves sessions ended rather than open.
    fn undo(self: Box<Self>) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

impl Refresh {
    /// Trusts the sessions again, with this entry or as they were.
    async fn settle(&self, entry: &str) {
        let step = Step::new("refresh_user").with(&self.user_id).with(&self.token).with(self.number);
        if let Err(error) = self.link.ask::<i64>(step.with(USER).with(entry)).await {
            tracing::error!(
                user = self.user_id,
                error = &error as &dyn std::error::Error,
                "the rights in the user's sessions could not be written to Redis; the sessions will end"
            );
        }
    }
}

impl Beside for Refresh {
    fn prepare(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        async {
            let step = Step::new("doubt_user").with(&self.user_id).with(&self.token).with(micros(DOUBT));
            self.number = self.link.ask(step).await?;
            Ok(())
        }
        .boxed()
    }

    fn carry_out(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move { self.settle(&self.json).await }.boxed()
    }

    fn undo(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move { self.settle("").await }.boxed()
    }
}
