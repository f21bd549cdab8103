//! A page that does what it is told, step by step, and says what came of each step.
//!
//! `GET /run?do=get:Tally,meet:here,next:Tally` reads a variable, meets the test at a gate, writes the number after the
//! one it has read, and answers `1 2`. The same steps can be taken by a unit of work that is no request.

use std::collections::BTreeMap;
use std::time::Duration;

use toolcrib::prelude::*;

use super::Stage;
use super::pages::page;
use super::stage;

/// How long a step waits for a named lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a step waits for a named lock that it can do without.
const BRIEFLY: Duration = Duration::from_millis(150);

const FIELD: SessionField<String> = SessionField::new("field");

page! { @page pub(crate) Run, PageInfo::new("run", "/run").accepts_post(),
    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        run(cx).await
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        run(cx).await
    }
}

page!(pub(crate) RunAlone, PageInfo::new("run-alone", "/run-alone").exclusive_session(), show(cx) { run(cx).await });

page!(pub(crate) Field, PageInfo::new("field", "/field"), show(cx) {
    Ok(Response::text(cx.session().get(&FIELD)?.unwrap_or_default()))
});

async fn run(cx: &mut Context<'_>) -> PageResult {
    let steps = cx.query_param("do").or_not_found()?.to_owned();
    let mut script = Script::new(stage(cx));
    for step in steps.split(',') {
        match step.split_once(':') {
            Some(("field", value)) => cx.session_mut().set(&FIELD, &value.to_owned())?,
            _ => script.step(cx.unit(), step).await?,
        }
    }
    Ok(Response::text(script.said()))
}

/// The steps of one attempt so far.
pub(crate) struct Script {
    stage: Stage,
    seen: BTreeMap<String, i64>,
    said: Vec<String>,
}

/// What a step says; nothing, where it is not one of these.
type Said = Result<Option<String>, PageError>;

impl Script {
    pub(crate) fn new(stage: Stage) -> Self {
        Self { stage, seen: BTreeMap::new(), said: Vec::new() }
    }

    /// What the steps have said.
    pub(crate) fn said(&self) -> String {
        self.said.join(" ")
    }

    /// Takes all these steps.
    pub(crate) async fn play(&mut self, unit: &mut Unit, steps: &str) -> Result<(), PageError> {
        for step in steps.split(',') {
            self.step(unit, step).await?;
        }
        Ok(())
    }

    /// Takes one step: a verb and its objects, with colons between them.
    async fn step(&mut self, unit: &mut Unit, step: &str) -> Result<(), PageError> {
        let words: Vec<&str> = step.split(':').collect();
        let mut said = self.variable(unit, &words)?;
        if said.is_none() {
            said = conflict_free(unit, &words)?;
        }
        if said.is_none() {
            said = at_once(unit, &words, &mut self.seen).await?;
        }
        if said.is_none() {
            said = lock(unit, &words).await?;
        }
        if said.is_none() {
            said = named_lock(unit, &words).await?;
        }
        if said.is_none() {
            said = self.meet(unit, &words).await?;
        }
        let said = said.unwrap_or_else(|| panic!("no such step: {step}"));
        if !said.is_empty() {
            self.said.push(said);
        }
        Ok(())
    }

    /// Plain variables, in the unit.
    fn variable(&mut self, unit: &mut Unit, words: &[&str]) -> Said {
        let mut application = unit.application();
        Ok(Some(match *words {
            ["get", name] => {
                let value = application.get(&variable(name))?;
                self.seen.insert(name.to_owned(), value.unwrap_or_default());
                or_dash(value)
            }
            ["next", name] => {
                let next = self.seen[name] + 1;
                application.set(&variable(name), &next)?;
                next.to_string()
            }
            ["put", name, number] => {
                application.set(&variable(name), &whole(number))?;
                String::new()
            }
            ["remove", name] => {
                application.remove(&variable(name))?;
                String::new()
            }
            ["absent", name, number] => application.set_if_absent(&variable(name), &whole(number))?.to_string(),
            ["update", name] => application.update(&variable(name), |old| old.unwrap_or_default() + 1)?.to_string(),
            _ => return Ok(None),
        }))
    }

    /// The test, the database, the clock, and how the unit ends.
    async fn meet(&mut self, unit: &mut Unit, words: &[&str]) -> Said {
        match *words {
            ["meet", gate] if unit.attempt_number() == 1 => self.stage.gate(kept(gate)).pass().await,
            ["meet", _] => {}
            ["wait", gate] => self.stage.gate(kept(gate)).pass().await,
            ["hold", millis] => tokio::time::sleep(Duration::from_millis(millis.parse().expect("a number"))).await,
            ["note", text] => self.stage.note(text),
            ["time", text] => self.stage.note(format!("{text} {}", now_micros())),
            ["count", what] => {
                self.stage.count(what);
            }
            ["read"] => {
                let read: i64 = db::query("SELECT CAST(1 AS BIGINT)").scalar(unit.read().await?).await?;
                assert_eq!(read, 1);
            }
            ["row", body] => {
                db::query("INSERT INTO notes (body) VALUES ($1)").bind(body).execute(unit.tx().await?).await?;
            }
            ["rows", body] => {
                let count = db::query("SELECT COUNT(*) FROM notes WHERE body = $1").bind(body);
                let rows: i64 = count.scalar(unit.tx().await?).await?;
                self.seen.insert(body.to_owned(), rows);
                return Ok(Some(rows.to_string()));
            }
            ["row-unless", body] if self.seen[body] > 0 => {}
            ["row-unless", body] => {
                db::query("INSERT INTO notes (body) VALUES ($1)").bind(body).execute(unit.tx().await?).await?;
            }
            ["pair", id] => {
                let add = db::query("UPDATE pairs SET value = value + 1 WHERE id = $1").bind(whole(id));
                add.execute(unit.tx().await?).await?;
            }
            ["same-pair", id] => {
                let insert = db::query("INSERT INTO pairs (id, value) VALUES ($1, 0)").bind(whole(id));
                insert.execute(unit.tx().await?).await?;
            }
            ["orphan"] => {
                db::query("INSERT INTO children (parent) VALUES (99)").execute(unit.tx().await?).await?;
            }
            ["lose"] => {
                // Another unit is quicker, in every attempt over another variable.
                let bait = variable(&format!("~Bait{}", unit.attempt_number()));
                unit.application().get(&bait)?;
                unit.site().application().set(&bait, &1).await?;
                unit.application().set(&bait, &2)?;
            }
            ["error"] => return Err(PageError::other("asked to fail")),
            ["panic"] => panic!("asked to panic"),
            ["hang"] => std::future::pending::<()>().await,
            ["retry-once"] if unit.attempt_number() == 1 => return Err(PageError::retry("asked to come again")),
            ["retry-once"] => {}
            _ => return Ok(None),
        }
        Ok(Some(String::new()))
    }
}

/// Conflict-free variables, in the unit.
fn conflict_free(unit: &mut Unit, words: &[&str]) -> Said {
    let mut application = unit.application();
    Ok(Some(match *words {
        ["add", name, number] => {
            application.counter(&counter(name)).add(whole(number))?;
            String::new()
        }
        ["value", name] => application.counter(&counter(name)).value()?.to_string(),
        ["take", name, number] => {
            let amount = number.parse().expect("a number");
            application.counter(&counter(name)).decrement_if_ge(amount)?.to_string()
        }
        ["push", name, text] => {
            application.queue(&queue(name)).push(&text.to_owned())?;
            String::new()
        }
        ["pop", name] => or_dash(application.queue(&queue(name)).pop_if_any()?),
        ["peek", name] => or_dash(application.queue(&queue(name)).peek()?),
        ["len", name] => application.queue(&queue(name)).len()?.to_string(),
        ["enter", name, key, text] => {
            application.map(&map(name)).put(key, &text.to_owned())?;
            String::new()
        }
        ["look", name, key] => or_dash(application.map(&map(name)).get(key)?),
        ["strike", name, key] => application.map(&map(name)).remove(key)?.to_string(),
        ["keys", name] => application.map(&map(name)).len()?.to_string(),
        ["throw-in", name, text] => {
            application.bag(&bag(name)).add(&text.to_owned())?;
            String::new()
        }
        ["take-out", name, text] => application.bag(&bag(name)).remove(&text.to_owned())?.to_string(),
        ["many", name, text] => application.bag(&bag(name)).count(&text.to_owned())?.to_string(),
        _ => return Ok(None),
    }))
}

/// Plain variables and counters, at once and outside the unit.
async fn at_once(unit: &Unit, words: &[&str], seen: &mut BTreeMap<String, i64>) -> Said {
    let application = unit.site().application();
    Ok(Some(match *words {
        ["now-get", name] => {
            let value = application.get(&variable(name))?;
            seen.insert(name.to_owned(), value.unwrap_or_default());
            or_dash(value)
        }
        ["now-next", name] => {
            let next = seen[name] + 1;
            application.set(&variable(name), &next).await?;
            next.to_string()
        }
        ["now-put", name, number] => {
            application.set(&variable(name), &whole(number)).await?;
            String::new()
        }
        ["now-update", name] => {
            application.update(&variable(name), |old| old.unwrap_or_default() + 1).await?.to_string()
        }
        ["now-absent", name, number] => application.set_if_absent(&variable(name), &whole(number)).await?.to_string(),
        ["now-add", name, number] => {
            application.add(&counter(name), whole(number)).await?;
            String::new()
        }
        _ => return Ok(None),
    }))
}

/// The application's lock and object locks.
async fn lock(unit: &mut Unit, words: &[&str]) -> Said {
    Ok(Some(match *words {
        ["lock"] => {
            unit.application().lock().await?;
            String::new()
        }
        ["try-lock"] => got(unit.application().lock().await),
        ["unlock"] => {
            unit.application().unlock().await?;
            String::new()
        }
        ["object", name] => {
            unit.application().lock_object(&variable(name)).await?.or_retry()?;
            String::new()
        }
        ["try-object", name] => {
            format!("{:?}", unit.application().lock_object(&variable(name)).await?.outcome()).to_lowercase()
        }
        _ => return Ok(None),
    }))
}

/// Named locks, and those of scopes.
async fn named_lock(unit: &mut Unit, words: &[&str]) -> Said {
    Ok(Some(match *words {
        ["x", name] => {
            unit.lock(name).exclusive().within(PATIENCE).acquire().await?;
            String::new()
        }
        ["r", name] => {
            unit.lock(name).read_only().within(PATIENCE).acquire().await?;
            String::new()
        }
        ["try-x", name] => got(unit.lock(name).exclusive().within(PATIENCE).acquire().await),
        ["brief-x", name] => got(unit.lock(name).exclusive().within(BRIEFLY).acquire().await),
        ["urgent-x", name] => {
            unit.lock(name).exclusive().within(BRIEFLY).acquire().await?;
            String::new()
        }
        ["skip-x", name] => {
            let got = unit.lock(name).exclusive().within(BRIEFLY).acquire_or_skip().await?;
            if got { "got" } else { "skipped" }.to_owned()
        }
        ["u", name] => {
            unit.unlock(name);
            String::new()
        }
        ["scope", name] => {
            let scope = match name {
                "session" => Scope::Session,
                "application" => Scope::Application,
                _ => Scope::Server,
            };
            got(unit.lock_scope(scope).exclusive().within(PATIENCE).acquire().await)
        }
        _ => return Ok(None),
    }))
}

/// What a step says that goes on without a lock, too.
fn got(locked: Result<(), LockError>) -> String {
    locked.map_or_else(|error| format!("[{error}]"), |()| "got".to_owned())
}

/// The variable of this name; `~` begins the name of a volatile one.
pub(crate) fn variable(name: &str) -> AppVar<i64> {
    let variable = AppVar::new(kept(name));
    if name.starts_with('~') { variable.volatile() } else { variable }
}

pub(crate) fn counter(name: &str) -> RcCounter {
    let counter = RcCounter::new(kept(name));
    if name.starts_with('~') { counter.volatile() } else { counter }
}

pub(crate) fn queue(name: &str) -> RcQueue<String> {
    let queue = RcQueue::new(kept(name));
    if name.starts_with('~') { queue.volatile() } else { queue }
}

pub(crate) fn map(name: &str) -> RcMap<String> {
    let map = RcMap::new(kept(name));
    if name.starts_with('~') { map.volatile() } else { map }
}

pub(crate) fn bag(name: &str) -> RcBag<String> {
    let bag = RcBag::new(kept(name));
    if name.starts_with('~') { bag.volatile() } else { bag }
}

/// A name that outlives the request, as those of authors do.
fn kept(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

fn whole(number: &str) -> i64 {
    number.parse().unwrap_or_else(|_| panic!("no whole number: {number}"))
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
