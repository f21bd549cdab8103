//! Jobs: added with the unit that wants them, done by one worker at a time, tried again, taken over, let go.

mod acting;
mod attempts;
mod claims;
mod queue;
mod schedules;
mod stops;
mod tools;
