//! Random schedules beside a model: a list of streams, each with all it was ever told.

use proptest::prelude::*;

use super::*;

/// What may happen. Streams are named by the order in which they were opened.
#[derive(Debug, Clone)]
enum Step {
    Open { session: Option<i64>, user: usize, topics: Vec<usize>, places: Vec<(usize, usize)> },
    Publish(usize),
    Next(usize),
    Close(usize),
    EndSession(i64),
    Beat,
}

const TOPICS: [&str; 3] = ["a", "b", "c"];
const USERS: [&str; 3] = ["", "ann", "bo"];
const DOINGS: [&str; 2] = ["looking", "editing"];

#[derive(Debug)]
struct Seen {
    id: StreamId,
    wish: Wish,
    queue: VecDeque<String>,
    beat: bool,
}

#[derive(Debug, Default)]
struct Model {
    streams: Vec<Seen>,
    dropped: u64,
}

impl Model {
    fn present(&self, topic: &str) -> Vec<Present> {
        let here = self.streams.iter().flat_map(|stream| &stream.wish.present);
        distinct(here.filter(|(place, _)| &**place == topic).map(|(_, present)| present))
    }

    fn lists(&self) -> Vec<Vec<Present>> {
        TOPICS.iter().map(|topic| self.present(topic)).collect()
    }

    fn presence(&self, topic: &str) -> String {
        format!("{topic} presence {}", serde_json::to_string(&self.present(topic)).expect("JSON"))
    }

    /// Tells these things, and then of everybody who is gone because of that.
    fn tell(&mut self, changes: Vec<(String, String)>) {
        let mut left = VecDeque::from(changes);
        while let Some((topic, what)) = left.pop_front() {
            let listening: Vec<StreamId> = self
                .streams
                .iter()
                .filter(|one| one.wish.topics.iter().any(|t| **t == topic))
                .map(|one| one.id)
                .collect();
            for id in listening {
                let Some(place) = self.streams.iter().position(|one| one.id == id) else { continue };
                if self.streams[place].queue.len() < RULES.queue {
                    self.streams[place].queue.push_back(what.clone());
                } else {
                    self.dropped += 1;
                    left.extend(self.leave(place));
                }
            }
        }
    }

    /// Takes one out; what is to be told of that.
    fn leave(&mut self, place: usize) -> Vec<(String, String)> {
        let before = self.lists();
        self.streams.remove(place);
        self.changes(&before)
    }

    fn changes(&self, before: &[Vec<Present>]) -> Vec<(String, String)> {
        let changed = TOPICS.iter().zip(before).filter(|(topic, list)| self.present(topic) != **list);
        changed.map(|(topic, _)| ((*topic).to_owned(), self.presence(topic))).collect()
    }

    fn leave_and_tell(&mut self, id: StreamId) {
        let Some(place) = self.streams.iter().position(|one| one.id == id) else { return };
        let changes = self.leave(place);
        self.tell(changes);
    }

    fn open(&mut self, id: StreamId, wish: &Wish) {
        let before = self.lists();
        self.streams.push(Seen { id, wish: wish.clone(), queue: VecDeque::new(), beat: false });
        let changes = self.changes(&before);
        for topic in &wish.topics {
            let told = changes.iter().any(|(changed, _)| **changed == **topic);
            if !told && !self.present(topic).is_empty() {
                let what = self.presence(topic);
                self.streams.last_mut().expect("it").queue.push_back(what);
            }
        }
        self.tell(changes);
    }

    fn may_open(&self, session: Option<i64>) -> Result<(), Refusal> {
        let of_session = self.streams.iter().filter(|one| session.is_some() && one.wish.viewer.session == session);
        if of_session.count() >= RULES.of_session {
            Err(Refusal::OfSession)
        } else if self.streams.len() >= RULES.streams {
            Err(Refusal::Full)
        } else {
            Ok(())
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let topics = prop::collection::vec(0..TOPICS.len(), 0..3);
    let places = prop::collection::vec((0..TOPICS.len(), 0..DOINGS.len()), 0..3);
    let open = (prop::option::of(0_i64..3), 0..USERS.len(), topics, places)
        .prop_map(|(session, user, topics, places)| Step::Open { session, user, topics, places });
    let step = prop_oneof![
        3 => open,
        6 => (0..TOPICS.len()).prop_map(Step::Publish),
        6 => (0_usize..8).prop_map(Step::Next),
        2 => (0_usize..8).prop_map(Step::Close),
        1 => (0_i64..3).prop_map(Step::EndSession),
        1 => Just(Step::Beat),
    ];
    prop::collection::vec(step, 1..60)
}

fn take(model: &mut Model, table: &mut LiveTable<&'static str>, id: StreamId) {
    let wanted = match model.streams.iter_mut().find(|one| one.id == id) {
        None => "ended".to_owned(),
        Some(one) => match one.queue.pop_front() {
            Some(what) => {
                one.beat = false;
                what
            }
            None if std::mem::take(&mut one.beat) => "beat".to_owned(),
            None => "nothing".to_owned(),
        },
    };
    let found = match table.next(id) {
        Next::Event(event) => format!("{} {} {}", event.topic, event.name, event.json),
        Next::Beat => "beat".to_owned(),
        Next::Nothing => "nothing".to_owned(),
        Next::Ended => "ended".to_owned(),
    };
    assert_eq!(found, wanted);
}

fn agree(model: &Model, table: &LiveTable<&'static str>) {
    assert_eq!(
        table.streams.keys().copied().collect::<Vec<_>>(),
        model.streams.iter().map(|s| s.id).collect::<Vec<_>>()
    );
    for topic in TOPICS {
        assert_eq!(table.present(topic), model.present(topic));
    }
    let listened: BTreeSet<&str> =
        model.streams.iter().flat_map(|one| &one.wish.topics).map(|topic| &**topic).collect();
    assert_eq!(
        table.topics.keys().map(|topic| &**topic).collect::<BTreeSet<_>>(),
        listened,
        "no topic without a stream"
    );
    let places: BTreeSet<&str> =
        model.streams.iter().flat_map(|one| &one.wish.present).map(|(place, _)| &**place).collect();
    assert_eq!(table.present.keys().map(|topic| &**topic).collect::<BTreeSet<_>>(), places);
    let sessions: BTreeSet<i64> = model.streams.iter().filter_map(|one| one.wish.viewer.session).collect();
    assert_eq!(table.sessions().into_iter().collect::<BTreeSet<_>>(), sessions);
    assert_eq!(table.counts().dropped_total, model.dropped);
    assert!(table.streams.values().all(|stream| stream.queue.len() <= RULES.queue), "no queue beyond its limit");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn the_table_does_what_the_model_does(steps in steps()) {
        let now = Instant::now();
        let (mut table, mut model) = (table(now), Model::default());
        let mut opened = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Open { session, user, topics, places } => {
                    let topics: Vec<&str> = topics.into_iter().map(|topic| TOPICS[topic]).collect();
                    let places: Vec<_> = places.into_iter().map(|(place, doing)| (TOPICS[place], DOINGS[doing])).collect();
                    let wish = wish(session, USERS[user], &topics, &places);
                    let found = table.open(&wish, "", now);
                    assert_eq!(found.as_ref().map(|_| ()).map_err(|refusal| *refusal), model.may_open(session));
                    if let Ok(found) = found {
                        opened.push(found.id);
                        model.open(found.id, &wish);
                    }
                }
                Step::Publish(topic) => {
                    let data = u64::try_from(number).expect("small");
                    table.publish(draft(TOPICS[topic], data), now);
                    model.tell(vec![(TOPICS[topic].to_owned(), format!("{} moved {data}", TOPICS[topic]))]);
                }
                Step::Next(which) => {
                    if let Some(id) = opened.get(which) {
                        take(&mut model, &mut table, *id);
                    }
                }
                Step::Close(which) => {
                    if let Some(id) = opened.get(which) {
                        table.close(*id);
                        model.leave_and_tell(*id);
                    }
                }
                Step::EndSession(session) => {
                    table.end_session(session);
                    let of = |one: &Seen| one.wish.viewer.session == Some(session);
                    let ids: Vec<StreamId> = model.streams.iter().filter(|one| of(one)).map(|one| one.id).collect();
                    for id in ids {
                        model.leave_and_tell(id);
                    }
                }
                Step::Beat => {
                    table.beat(Duration::MAX, now);
                    model.streams.iter_mut().for_each(|one| one.beat = true);
                }
            }
            agree(&model, &table);
        }
    }
}
