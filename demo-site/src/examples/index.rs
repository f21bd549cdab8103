//! `/examples`: what there is to try, by the system each idea comes from.

use askama::Template;
use toolcrib::prelude::*;

/// The list of examples.
#[derive(Debug)]
pub struct ExamplesPage;

#[derive(Debug, Template)]
#[template(path = "examples/index.html")]
struct Index;

/// The examples of one ancestor.
struct Group {
    key: &'static str,
    title: &'static str,
    text: &'static str,
    examples: &'static [Example],
}

struct Example {
    title: &'static str,
    path: &'static str,
    text: &'static str,
}

impl PageModule for ExamplesPage {
    const INFO: PageInfo = PageInfo::new("examples", "/examples").title("Examples").in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.render(Index)
    }
}

impl Index {
    fn groups(&self) -> &'static [Group] {
        &GROUPS
    }
}

const GROUPS: [Group; 5] = [WEBSNAP, GLASS, ASP, COLDFUSION, RACES];

const WEBSNAP: Group = Group {
    key: "websnap",
    title: "Borland WebSnap: instances from a pool",
    text: "Every page was a web module, an object kept in a pool: one request took it out, used it alone and put it \
           back. Nobody cleaned it on the way, so whatever one visitor left in its fields, the next one found.",
    examples: &[
        Example {
            title: "The dirty drill",
            path: "/examples/drill",
            text: "An instance comes back as it was left. See what the last visitor left in it, and what the reset \
                   makes of it.",
        },
        Example {
            title: "The relay",
            path: "/examples/relay",
            text: "A redirect is a new request with another instance; so is a dispatch within one request. Only the \
                   session goes along.",
        },
        Example {
            title: "The mirror",
            path: "/examples/mirror",
            text: "However many visitors share one instance, each sees only their own name and search text.",
        },
    ],
};

const GLASS: Group = Group {
    key: "glass",
    title: "GLASS: one request, one transaction",
    text: "Seaside on GemStone let authors write as if each request were alone. Where two got in each other’s way, \
           one of them was undone and run again.",
    examples: &[
        Example {
            title: "The tally",
            path: "/examples/tally",
            text: "A shared number, read and written without any care. No click is lost all the same.",
        },
        Example {
            title: "The conflict-free tally",
            path: "/examples/rc-tally",
            text: "The same with a counter to which any number of requests may add at the same time.",
        },
        Example {
            title: "Serial numbers",
            path: "/examples/serial",
            text: "A lock on the variable itself, for numbers without gap or duplicate.",
        },
        Example {
            title: "Lists of one order",
            path: "/examples/append",
            text: "Read some lists and append to others in one unit of work: everybody sees a state that there was.",
        },
    ],
};

const ASP: Group = Group {
    key: "asp",
    title: "Classic ASP: the Application object",
    text: "One object held what all visitors shared. It could be locked, and nothing happened to pages that forgot to.",
    examples: &[
        Example {
            title: "Number of sales",
            path: "/examples/sales",
            text: "Counted with Lock and Unlock, with one update, and without a lock: see which of them loses sales.",
        },
        Example {
            title: "The card game",
            path: "/examples/card-game",
            text: "An object of your own that all visitors share takes their moves one at a time.",
        },
    ],
};

const COLDFUSION: Group = Group {
    key: "coldfusion",
    title: "ColdFusion: named locks",
    text: "A lock had a name and a time limit, not an object: whoever asked for the same name waited for the others.",
    examples: &[
        Example {
            title: "The skewed rule",
            path: "/examples/skew",
            text: "Two people may leave while the other stays. No retry keeps that rule; a lock does.",
        },
        Example {
            title: "The workshop",
            path: "/examples/workshop",
            text: "A lock over all nodes of the site: one works at a machine, whichever node serves them, many watch.",
        },
        Example {
            title: "The client card",
            path: "/clients",
            text: "The three panels of a card arrive at once and want one tracking row. A lock on the client’s name \
                   makes it one. For those who are signed in.",
        },
    ],
};

const RACES: Group = Group {
    key: "races",
    title: "All of them: races",
    text: "Whatever the way of keeping order, it shows only when several visitors come at the same moment.",
    examples: &[Example {
        title: "The race",
        path: "/examples/race",
        text: "The server plays up to eight visitors at once and draws every attempt on a time-line.",
    }],
};
