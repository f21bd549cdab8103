//! What almost every page needs: `use toolcrib::prelude::*;`.

pub use actix_web::http::{Method, StatusCode};

pub use crate::adapter::{
    Actions, Adapter, Amount, Choice, Choices, Day, Done, Execute, FieldId, FieldType, FieldValue, FileField, Form,
    Paged, Rights, Row,
};
pub use crate::application::{
    AppVar, Application, ApplicationError, ObjectLock, ObjectLockOutcome, RcBag, RcCounter, RcMap, RcQueue,
    RetryRequest,
};
pub use crate::clock::now_micros;
pub use crate::db::{self, Conn, Db, DbError};
pub use crate::live::{Live, Present};
pub use crate::locks::{Holder, LockError, Scope};
pub use crate::page::{
    AppModule, CacheMode, Context, CreateError, CreateMode, DataModule, ErrorNotice, Flow, Frame, InstanceUse,
    OrNotFound, PageError, PageInfo, PageModule, PageResult, Response, SharedObject, Site, Unit, UnitAttempt, UnitDone,
    UnitError, Upload, Uses,
};
pub use crate::session::{EndReason, EndUser, HookError, SessionEnd, SessionError, SessionField, SessionStart};
pub use crate::settings::Settings;
pub use crate::users::{Role, Users};
