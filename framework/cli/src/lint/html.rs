//! A template's HTML: its elements, and where each expression stands.
//!
//! What askama repeats or leaves out is read as if it stood there once. The branches of an `{% if %}` or `{% match %}`
//! all begin where it began; attributes of every branch count.

use super::source::{Kind, Piece};

/// One attribute, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    /// In lower case.
    pub(super) name: String,
    /// With expressions as `{{code}}`.
    pub(super) value: String,
    pub(super) has_expression: bool,
    pub(super) at: usize,
}

/// A start tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    /// In lower case.
    pub(super) name: String,
    pub(super) attributes: Vec<Attribute>,
    /// Whether an expression or an included piece may bring more attributes.
    pub(super) is_open_ended: bool,
    pub(super) at: usize,
}

impl Start {
    /// The value of an attribute, in any branch.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
    }
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Where it is escaped well enough: between tags, in a quoted value, in a comment.
    Sound,
    /// Between tags, so what it writes may be elements.
    Text,
    /// In a value without quotes.
    Unquoted,
    /// In a script or a style sheet.
    Script,
}

/// What a template does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event<'a> {
    Start(Start),
    End(String),
    /// An expression, or a tag that writes something.
    Output {
        code: &'a str,
        place: Place,
        at: usize,
    },
    /// A macro ends; what it opened is its own.
    MacroEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Data,
    TagName,
    EndName,
    BeforeAttribute,
    AttributeName,
    BeforeValue,
    Unquoted,
    Quoted(char),
    /// `<!doctype …>`, or an end tag after its name.
    UntilClose,
    Comment,
    /// In `<script>` and the like: only its own end tag counts.
    Raw,
}

/// Where the reading stands, kept for the other branches.
#[derive(Debug, Clone)]
struct Saved {
    position: Position,
    tag: Option<Start>,
    fresh: bool,
}

/// Reads the pieces.
pub(super) fn events<'a>(pieces: &[Piece<'a>]) -> Vec<Event<'a>> {
    let mut reader = Reader {
        position: Position::Data,
        tag: None,
        end_name: String::new(),
        raw: None,
        fresh: false,
        dangling: String::new(),
        branches: Vec::new(),
        events: Vec::new(),
    };
    for piece in pieces {
        match piece.kind {
            Kind::Text => reader.text(piece.text, piece.at),
            Kind::Expression => reader.output(piece.text, piece.at),
            Kind::Tag => reader.tag(piece),
        }
    }
    reader.events
}

struct Reader<'a> {
    position: Position,
    tag: Option<Start>,
    end_name: String,
    /// The element whose end is awaited, and whether it is a script or style that is no data.
    raw: Option<(String, bool)>,
    /// In a macro or block that has opened no element yet: it may stand inside a start tag elsewhere.
    fresh: bool,
    /// The text before, as far as it may be the name of an attribute and `=`.
    dangling: String,
    branches: Vec<Saved>,
    events: Vec<Event<'a>>,
}

impl<'a> Reader<'a> {
    fn tag(&mut self, piece: &Piece<'a>) {
        let (word, rest) = piece.word();
        match word {
            "if" | "match" | "for" => self.branches.push(self.saved()),
            "else" | "elif" | "when" => {
                if let Some(saved) = self.branches.last().cloned() {
                    self.rewind(saved);
                }
            }
            "endif" | "endmatch" | "endfor" => {
                self.branches.pop();
            }
            "macro" | "block" => {
                self.branches.push(self.saved());
                if word == "macro" {
                    self.position = Position::Data;
                    self.tag = None;
                }
                self.fresh = self.position == Position::Data;
                self.dangling.clear();
            }
            "endmacro" | "endblock" => {
                if let Some(saved) = self.branches.pop() {
                    self.fresh = saved.fresh;
                    if word == "endmacro" {
                        (self.position, self.tag) = (saved.position, saved.tag);
                        self.events.push(Event::MacroEnd);
                    }
                }
            }
            "call" | "include" => self.output(rest.trim(), piece.at),
            _ => {}
        }
        if word != "call"
            && word != "include"
            && let Position::Quoted(_) = self.position
        {
            self.push_value(&format!("{{%{}%}}", piece.text), false);
        }
    }

    fn saved(&self) -> Saved {
        Saved { position: self.position, tag: self.tag.clone(), fresh: self.fresh }
    }

    /// Goes back to where a branch began, with the attributes the branch before brought.
    fn rewind(&mut self, saved: Saved) {
        let ended = self.tag.take();
        self.position = saved.position;
        self.fresh = saved.fresh;
        self.tag = saved.tag;
        if let (Some(tag), Some(ended)) = (&mut self.tag, ended)
            && tag.at == ended.at
            && !matches!(self.position, Position::Quoted(_) | Position::Unquoted | Position::BeforeValue)
        {
            *tag = ended;
        }
    }

    /// Something that writes what only the run knows.
    fn output(&mut self, code: &'a str, at: usize) {
        let written = format!("{{{{{code}}}}}");
        let place = match self.position {
            Position::Data if self.fresh && ends_like_attribute(&self.dangling) => Place::Unquoted,
            Position::Data => Place::Text,
            Position::BeforeValue | Position::Unquoted => {
                self.position = Position::Unquoted;
                self.push_value(&written, true);
                Place::Unquoted
            }
            Position::Quoted(_) => {
                self.push_value(&written, true);
                Place::Sound
            }
            Position::TagName | Position::BeforeAttribute | Position::AttributeName => {
                if let Some(tag) = &mut self.tag {
                    tag.is_open_ended = true;
                }
                Place::Sound
            }
            Position::Raw if self.raw.as_ref().is_some_and(|(_, is_code)| *is_code) => Place::Script,
            _ => Place::Sound,
        };
        self.dangling.clear();
        self.events.push(Event::Output { code, place, at });
    }

    fn push_value(&mut self, text: &str, is_expression: bool) {
        if let Some(attribute) = self.tag.as_mut().and_then(|tag| tag.attributes.last_mut()) {
            attribute.value.push_str(text);
            attribute.has_expression |= is_expression;
        }
    }

    fn text(&mut self, text: &str, at: usize) {
        let mut offset = 0;
        while let Some(rest) = text.get(offset..).filter(|rest| !rest.is_empty()) {
            offset += self.step(rest, at + offset).max(1);
            // Not inside a character.
            while !text.is_char_boundary(offset) {
                offset += 1;
            }
        }
    }

    /// Reads what `rest` begins with and answers how many bytes that was.
    fn step(&mut self, rest: &str, at: usize) -> usize {
        let c = rest.chars().next().unwrap_or_default();
        match self.position {
            Position::Data => return self.data(rest, c, at),
            Position::TagName if c.is_ascii_whitespace() || c == '/' => self.position = Position::BeforeAttribute,
            Position::TagName if c == '>' => self.close(),
            Position::TagName => {
                if let Some(tag) = &mut self.tag {
                    tag.name.push(c.to_ascii_lowercase());
                }
            }
            Position::EndName if c == '>' || c.is_ascii_whitespace() => {
                self.events.push(Event::End(std::mem::take(&mut self.end_name)));
                self.position = if c == '>' { Position::Data } else { Position::UntilClose };
            }
            Position::EndName => self.end_name.push(c.to_ascii_lowercase()),
            Position::BeforeAttribute | Position::AttributeName | Position::BeforeValue => self.in_tag(c, at),
            Position::Unquoted if c.is_ascii_whitespace() => self.position = Position::BeforeAttribute,
            Position::Unquoted if c == '>' => self.close(),
            Position::Quoted(quote) if c == quote => self.position = Position::BeforeAttribute,
            Position::Unquoted | Position::Quoted(_) => self.push_value(c.encode_utf8(&mut [0; 4]), false),
            Position::UntilClose if c == '>' => self.position = Position::Data,
            Position::Comment if rest.starts_with("-->") => {
                self.position = Position::Data;
                return 3;
            }
            Position::Raw => return self.raw_text(rest),
            Position::UntilClose | Position::Comment => {}
        }
        c.len_utf8()
    }

    fn data(&mut self, rest: &str, c: char, at: usize) -> usize {
        if c != '<' {
            if c.is_ascii_whitespace() {
                self.dangling.clear();
            }
            if self.dangling.len() < 100 {
                self.dangling.push(c);
            }
            return c.len_utf8();
        }
        self.fresh = false;
        let next = rest.chars().nth(1);
        match next {
            Some('!') if rest.starts_with("<!--") => {
                self.position = Position::Comment;
                4
            }
            Some('!' | '?') => {
                self.position = Position::UntilClose;
                2
            }
            Some('/') => {
                self.position = Position::EndName;
                2
            }
            // A name, or an expression that writes one.
            Some(next) if !next.is_ascii_alphabetic() => 1,
            _ => {
                self.position = Position::TagName;
                self.tag = Some(Start { name: String::new(), attributes: Vec::new(), is_open_ended: false, at });
                1
            }
        }
    }

    fn in_tag(&mut self, c: char, at: usize) {
        match (self.position, c) {
            (_, '>') => self.close(),
            (Position::BeforeValue, c) if c.is_ascii_whitespace() => {}
            (Position::BeforeValue, '"' | '\'') => self.position = Position::Quoted(c),
            (Position::BeforeValue, c) => {
                self.position = Position::Unquoted;
                self.push_value(c.encode_utf8(&mut [0; 4]), false);
            }
            // `name = "value"` is one attribute.
            (Position::BeforeAttribute | Position::AttributeName, '=') => self.position = Position::BeforeValue,
            (_, c) if c.is_ascii_whitespace() || c == '/' => self.position = Position::BeforeAttribute,
            (position, c) => {
                let Some(tag) = &mut self.tag else { return };
                if position == Position::BeforeAttribute {
                    tag.attributes.push(Attribute {
                        name: String::new(),
                        value: String::new(),
                        has_expression: false,
                        at,
                    });
                    self.position = Position::AttributeName;
                }
                if let Some(attribute) = tag.attributes.last_mut() {
                    attribute.name.push(c.to_ascii_lowercase());
                }
            }
        }
    }

    /// The start tag is complete.
    fn close(&mut self) {
        self.position = Position::Data;
        self.dangling.clear();
        let Some(tag) = self.tag.take() else { return };
        if matches!(tag.name.as_str(), "script" | "style" | "textarea" | "title") {
            let is_data = tag.value("type").is_some_and(|kind| kind.contains("json"));
            let is_code = tag.name == "style" || (tag.name == "script" && !is_data);
            self.raw = Some((tag.name.clone(), is_code));
            self.position = Position::Raw;
        }
        self.events.push(Event::Start(tag));
    }

    fn raw_text(&mut self, rest: &str) -> usize {
        let Some((name, _)) = &self.raw else {
            self.position = Position::Data;
            return 0;
        };
        let ends = rest.strip_prefix("</").and_then(|after| after.get(..name.len()));
        if ends.is_some_and(|after| after.eq_ignore_ascii_case(name)) {
            self.raw = None;
            self.position = Position::EndName;
            return 2;
        }
        rest.find("</").filter(|at| *at > 0).unwrap_or_else(|| if rest.starts_with("</") { 2 } else { rest.len() })
    }
}

/// Whether text ends like ` name=`: what follows would be a value without quotes, were this inside a tag.
fn ends_like_attribute(text: &str) -> bool {
    let Some(name) = text.trim_start().strip_suffix('=') else { return false };
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '_'))
}
