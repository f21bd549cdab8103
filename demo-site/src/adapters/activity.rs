//! A call, a meeting, a message, a note, a task.
