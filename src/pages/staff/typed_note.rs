//! What is wrong with a note that was typed, by the key of its text.

use crate::domain::note::NoteError;

pub(super) fn key(error: &NoteError) -> &'static str {
    match error {
        NoteError::Empty => "supervisor-note-empty",
        NoteError::TooLong { .. } => "supervisor-note-too-long",
        NoteError::Control { .. } => "supervisor-note-control",
        NoteError::Direction { .. } => "supervisor-note-direction",
        NoteError::Invisible { .. } => "supervisor-note-invisible",
    }
}
