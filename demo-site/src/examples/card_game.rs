//! `/examples/card-game`: an object all visitors share, and the one order in which they play.

use askama::Template;
use serde::Serialize;
use toolcrib::prelude::*;

use super::pace::Pace;

/// The moves of this round, first one first: what a restart finds again.
const ROUND: AppVar<Vec<String>> = AppVar::new("CardGame");

/// Longest move, in characters.
const MOVE_LIMIT: usize = 60;
/// Most moves of a round.
const ROUND_LIMIT: usize = 1_000;
/// Most bytes of a round as JSON: a variable holds 64 KiB.
const ROUND_BYTES: usize = 60 * 1024;
/// How many moves the page shows.
const SHOWN: usize = 20;

/// Shows the round and takes moves.
#[derive(Debug)]
pub struct CardGamePage;

/// The game itself: one for all visitors, one move at a time.
#[derive(Debug)]
pub struct CardGame {
    moves: Vec<String>,
}

/// A move, as somebody made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move(String);

/// A move in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Played {
    number: usize,
    #[serde(rename = "move")]
    text: String,
}

/// A round, as JSON and as a page.
#[derive(Debug, Template, Serialize)]
#[template(path = "examples/card_game.html", blocks = ["live"])]
struct Round {
    moves: Vec<Played>,
}

impl SharedObject for CardGame {
    const NAME: &'static str = "card-game";
    type Message = Move;
    type Answer = Vec<Played>;

    async fn create(site: &Site) -> Result<Self, CreateError> {
        Ok(Self { moves: stored(site)? })
    }

    /// Stored first, played then: whoever is answered finds the move after a restart.
    async fn handle(&mut self, Move(text): Move, site: &Site) -> Result<Self::Answer, PageError> {
        let moves = after(self.moves.clone(), text);
        if let Err(error) = site.application().set(&ROUND, &moves).await {
            // Whether it was stored after all is for the variable to say.
            self.moves = stored(site)?;
            return Err(error.into());
        }
        self.moves = moves;
        Ok(played(self.moves.clone()))
    }
}

impl PageModule for CardGamePage {
    const INFO: PageInfo = PageInfo::new("card-game", "/examples/card-game").title("The card game").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pace = Pace::of(cx);
        pace.before().await;
        let moves = cx.application().get(&ROUND)?.unwrap_or_default();
        pace.between().await?;
        let round = Round { moves: played(moves) };
        if cx.wants_json() {
            cx.json(&round)
        } else if cx.wants_fragment() {
            cx.fragment(round.as_live())
        } else {
            cx.render(round)
        }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let made = cx
            .form_param("move")
            .and_then(Move::parse)
            .ok_or_else(|| PageError::bad_request(format!("A move is one line of 1 to {MOVE_LIMIT} characters.")))?;
        let pace = Pace::of(cx);
        pace.before().await;
        pace.between().await?;
        let moves = cx.shared_object::<CardGame>()?.send(made).await?;
        if cx.wants_json() {
            return cx.json(&Round { moves });
        }
        cx.flash(&format!("Your move is number {}.", moves.len()))?;
        cx.redirect(cx.page().path())
    }
}

impl Move {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=MOVE_LIMIT).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }
}

impl Round {
    fn ancestor(&self) -> [&'static str; 2] {
        [
            "An object put into ASP’s Application was shared by all visitors, and when two pages called its SetData at \
             the same time, nothing said which of them came first.",
            "Whoever wanted a card game, where the order of moves is all that matters, had to build the waiting into \
             the object.",
        ]
    }

    /// The latest moves, the last one first.
    fn latest(&self) -> impl Iterator<Item = &Played> {
        self.moves.iter().rev().take(SHOWN)
    }

    fn hidden(&self) -> usize {
        self.moves.len().saturating_sub(SHOWN)
    }
}

fn stored(site: &Site) -> Result<Vec<String>, ApplicationError> {
    Ok(site.application().get(&ROUND)?.unwrap_or_default())
}

/// The round after one more move: a new one where the old one is full.
fn after(mut moves: Vec<String>, text: String) -> Vec<String> {
    let full = moves.len() >= ROUND_LIMIT || bytes(&moves) + length(&text) > ROUND_BYTES;
    if full {
        moves.clear();
    }
    moves.push(text);
    moves
}

fn bytes(moves: &[String]) -> usize {
    moves.iter().map(|text| length(text)).sum()
}

/// At least as many bytes as the move has as JSON, with its comma: nothing grows more than twofold
/// there once control characters are refused.
fn length(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    text.len() + escaped + 3
}

fn played(moves: Vec<String>) -> Vec<Played> {
    moves.into_iter().zip(1..).map(|(text, number)| Played { number, text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_is_one_line_of_1_to_60_characters() {
        assert_eq!(Move::parse(" ace of spades "), Some(Move("ace of spades".into())));
        assert_eq!(Move::parse(&"ß".repeat(60)), Some(Move("ß".repeat(60))));
        for refused in ["", "   ", "a\nb", "a\u{7f}", &"x".repeat(61)] {
            assert_eq!(Move::parse(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn moves_are_numbered_in_the_order_they_were_made() {
        let moves = after(after(Vec::new(), "ace".into()), "king".into());
        let numbered: Vec<_> = played(moves).into_iter().map(|played| (played.number, played.text)).collect();
        assert_eq!(numbered, [(1, "ace".to_owned()), (2, "king".to_owned())]);
    }

    #[test]
    fn a_new_round_starts_after_a_thousand_moves() {
        let mut moves = Vec::new();
        for number in 1..=ROUND_LIMIT {
            moves = after(moves, number.to_string());
        }
        assert_eq!(moves.len(), ROUND_LIMIT);
        assert_eq!(after(moves, "ace".into()), ["ace"]);
    }

    /// Quotes double as JSON, and letters beyond ASCII have up to four bytes.
    #[test]
    fn a_round_never_outgrows_its_variable() {
        for letter in ['x', '"', '\\', '€', '🂡'] {
            let text: String = std::iter::repeat_n(letter, MOVE_LIMIT).collect();
            let mut fullest = Vec::new();
            let mut moves = after(Vec::new(), text.clone());
            while moves.len() > fullest.len() {
                fullest.clone_from(&moves);
                moves = after(moves, text.clone());
            }
            let json = serde_json::to_string(&fullest).expect("texts");
            assert!(json.len() <= 64 * 1024, "{letter}: {} moves, {} bytes", fullest.len(), json.len());
            assert!(fullest.len() > 250, "{letter}: a round has no more than {} moves", fullest.len());
        }
    }
}
