//! Jobs: added with the unit that wants them, done by one worker at a time, tried again, taken over, let go.

mod acting;

mod queue;
