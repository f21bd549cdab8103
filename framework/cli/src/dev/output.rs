//! What a program writes: handed on at once, and the end of it kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::notice::plain;

/// How much is kept, in bytes.
const KEPT: usize = 16 << 10;

/// The end of what a program wrote.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail {
    bytes: Arc<Mutex<VecDeque<u8>>>,
}

impl Tail {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let over = kept.len().saturating_sub(KEPT);
        kept.drain(..over);
    }

    /// As text, whole lines if there is more than is kept.
    pub(super) fn text(&self) -> String {
        let kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        let text = plain(&String::from_utf8_lossy(&bytes));
        match text.split_once('\n') {
            Some((_, whole)) if bytes.len() >= KEPT => whole.trim_end().to_owned(),
            _ => text.trim_end().to_owned(),
        }
    }
}

/// Copies until the program closes its end.
pub(super) async fn copy(mut from: impl AsyncRead + Unpin, tail: Tail, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; 8 << 10];
    while let Ok(count) = from.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { return };
        tail.push(bytes);
        // Where nobody reads any more, the program must not be held up.
        let _ = to.write_all(bytes).await;
        let _ = to.flush().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_is_kept_and_all_is_handed_on() {
        let tail = Tail::default();
        let text: String = (0..5_000).map(|line| format!("line {line}\n")).collect();
        let mut copied = Vec::new();
        copy(text.as_bytes(), tail.clone(), &mut copied).await;
        assert_eq!(copied, text.as_bytes());
        let kept = tail.text();
        assert!(kept.len() <= KEPT && kept.starts_with("line ") && kept.ends_with("line 4999"), "{kept}");
    }
}
