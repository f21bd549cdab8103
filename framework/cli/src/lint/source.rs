//! A template's own layer: what is text and what is askama's.

/// What a piece of a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Goes out as it stands.
    Text,
    /// `{{ … }}`
    Expression,
    /// `{% … %}`
    Tag,
}

/// A piece of a template; comments are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind,
    /// Without delimiters, whitespace control and the white space around.
    pub(super) text: &'a str,
    /// The byte it begins at, delimiter included.
    pub(super) at: usize,
}

impl<'a> Piece<'a> {
    /// The first word of a tag and the rest.
    pub(super) fn word(&self) -> (&'a str, &'a str) {
        let end = self.text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.text.len());
        self.text.split_at_checked(end).unwrap_or((self.text, ""))
    }
}

/// Something was opened at this byte and is never closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unclosed(pub(super) usize);

/// Takes a template apart.
pub(super) fn pieces(source: &str) -> Result<Vec<Piece<'_>>, Unclosed> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((start, kind)) = next_delimiter(rest) else {
            pieces.push(Piece { kind: Kind::Text, text: rest, at });
            break;
        };
        if start > 0 {
            pieces.push(Piece { kind: Kind::Text, text: rest.get(..start).unwrap_or_default(), at });
        }
        let (open, inner) = (at + start, rest.get(start + 2..).unwrap_or_default());
        let Some(kind) = kind else {
            at = open + 2 + comment_end(inner).ok_or(Unclosed(open))?;
            continue;
        };
        let end = code_end(inner, if kind == Kind::Tag { "%}" } else { "}}" }).ok_or(Unclosed(open))?;
        let piece = Piece { kind, text: code(inner.get(..end).unwrap_or_default()), at: open };
        pieces.push(piece);
        at = open + 2 + end + 2;
        if kind == Kind::Tag && piece.word().0 == "raw" {
            let raw = source.get(at..).unwrap_or_default();
            let end = raw_end(raw).ok_or(Unclosed(open))?;
            pieces.push(Piece { kind: Kind::Text, text: raw.get(..end).unwrap_or_default(), at });
            at += end;
        }
    }
    Ok(pieces)
}

/// The first delimiter and what it opens; `None` is a comment.
fn next_delimiter(text: &str) -> Option<(usize, Option<Kind>)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find('{')?;
        match text.as_bytes().get(start + 1) {
            Some(b'{') => return Some((start, Some(Kind::Expression))),
            Some(b'%') => return Some((start, Some(Kind::Tag))),
            Some(b'#') => return Some((start, None)),
            _ => from = start + 1,
        }
    }
}

/// Where the text after a comment begins. Comments nest.
fn comment_end(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (1_usize, 0);
    loop {
        let rest = text.get(at..)?;
        let close = rest.find("#}")?;
        match rest.find("{#") {
            Some(open) if open < close => {
                depth += 1;
                at += open + 2;
            }
            _ => {
                depth -= 1;
                at += close + 2;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
    }
}

/// Where `close` stands outside literals.
fn code_end(text: &str, close: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with(close) {
            return Some(at);
        }
        if rest.starts_with('"') && literal(rest).is_none() {
            return None;
        }
        at += literal(rest).or_else(|| rest.chars().next().map(char::len_utf8))?;
    }
}

/// The length of the literal text, character or raw text this begins with.
pub(super) fn literal(text: &str) -> Option<usize> {
    if let Some(rest) = text.strip_prefix('r') {
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        let inner = rest.get(hashes..)?.strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(inner.find(&close)? + 2 + hashes + close.len());
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + 1),
            // No character is that long: it was a lifetime.
            _ if quote == '\'' && at > 10 => return None,
            _ => {}
        }
    }
    None
}

/// Where the `{% endraw %}` begins.
fn raw_end(text: &str) -> Option<usize> {
    text.match_indices("{%")
        .map(|(at, _)| at)
        .find(|at| code(text.get(at + 2..).unwrap_or_default()).starts_with("endraw"))
}

/// Code without whitespace control.
fn code(inner: &str) -> &str {
    let control = ['-', '+', '~'];
    let inner = inner.strip_prefix(control).unwrap_or(inner);
    inner.strip_suffix(control).unwrap_or(inner).trim()
}

/// Line and column, from 1, where code of this template first uses a name.
pub(crate) fn first_use(source: &str, name: &str) -> Option<(usize, usize)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_word) {
        return None;
    }
    let code = pieces(source).ok()?.into_iter().filter(|piece| piece.kind != Kind::Text);
    for piece in code {
        let written = source.get(piece.at..)?;
        let end = written.find(piece.text)? + piece.text.len();
        let found = written.get(..end)?.match_indices(name).map(|(at, _)| piece.at + at).find(|at| {
            let before = source.get(..*at).and_then(|before| before.chars().next_back());
            let after = source.get(at + name.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        });
        if let Some(at) = found {
            let before = source.get(..at)?;
            let line = before.rsplit('\n').next().unwrap_or_default();
            return Some((before.matches('\n').count() + 1, line.chars().count() + 1));
        }
    }
    None
}
