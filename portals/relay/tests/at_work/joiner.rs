//! The joiner (名寄せ): somebody with two services' own records and everything that one party of the relay keeps, its
//! database and all its logs, wants to know which of the clinic's patients is which of the school's parents.
//!
//! The persons are canaries: the test knows the answer, the joiner does not. The services keep the moment of every visit
//! to the microsecond, when the assertion said that the card was shown, and when they were told that it is over. The
//! people are in groups by how they come and leave; each group is counted apart, since a fault that gives away one of
//! them would drown among all. That each way of joining finds people where there is something to find is seen in
//! [`careless`]; that the canaries can be joined at all, where both halves' secrets are put together.

mod careless;
mod kept;
mod ways;

use std::{collections::HashMap, time::Duration as Wait};

use relay_core::{
    chance::{Chance as _, SeededChance},
    pseudonym::{BlindHalf, BlindSecret, Domain, FrontHalf, FrontSecret, Service},
    registration::{CardUse, Message as Said},
};
use relay_saml::{fingerprint, message::AuthnRequest};
use relay_testing::{Answer, Browser, FrontProcess, Relay, TestCard, TestService};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use self::{
    kept::{Kept, Records, Visit},
    ways::{Guess, WAYS, by_being_told},
};
use crate::{CLINIC, SCHOOL, index, name, relay_with_two};

/// How somebody comes to both services, and leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// In sessions of their own; these go on.
    Apart,
    /// In one session, as all below; it goes on.
    Stays,
    /// Both sign-ins are begun before either is finished.
    Begins,
    /// Signs out at the relay.
    SignsOut,
    /// Signs out at the clinic, which asks the relay to end the session.
    AtTheClinic,
    PullsTheCard,
    LosesTheCard,
    /// Signs out at the relay while the school does not answer.
    SchoolAway,
}

const COURSES: [Course; 8] = [
    Course::Apart,
    Course::Stays,
    Course::Begins,
    Course::SignsOut,
    Course::AtTheClinic,
    Course::PullsTheCard,
    Course::LosesTheCard,
    Course::SchoolAway,
];
/// So many people of each course.
const GROUP: usize = 8;
const PERSONS: usize = GROUP * COURSES.len();
/// A guess that knows nothing is right once on average: this often among all, one in a hundred thousand times.
const BY_CHANCE: usize = 8;
/// And this often in a group, for who knows which people are in it, less than once in a thousand times.
const BY_CHANCE_OF_A_GROUP: usize = 6;

/// A canary.
struct Person {
    course: Course,
    card: TestCard,
    registration: Uuid,
    browser: Browser,
    /// Their names and SessionIndexes at the clinic and the school.
    names: [String; 2],
    indexes: [String; 2],
}

impl Person {
    async fn register(relay: &Relay, course: Course, key: &TestCard) -> Self {
        let card = relay.cards.another_with_the_key_of(key);
        Self {
            course,
            registration: relay.register(&card.certificate, CardUse::Authentication).await,
            browser: Browser::with_card(relay, &card),
            card,
            names: Default::default(),
            indexes: Default::default(),
        }
    }

    /// Comes back to `service` from a sign-in that it asked for with `request`.
    async fn visit(
        &mut self,
        relay: &Relay,
        which: usize,
        service: &TestService,
        (request, asked): (AuthnRequest, OffsetDateTime),
    ) -> Visit {
        let other = Browser::with_card(relay, &self.card);
        let browser = match self.course {
            Course::Apart => &other,
            _ => &self.browser,
        };
        let answer = browser.sign_in_with(relay, service, &request).await;
        self.came_back(which, service, (request, asked), &answer)
    }

    /// Finishes the sign-in that waits at the card listener's address `card`.
    async fn finish(
        &mut self,
        which: usize,
        service: &TestService,
        asked: (AuthnRequest, OffsetDateTime),
        card: &str,
    ) -> Visit {
        let answer = self.browser.get(card).await;
        self.came_back(which, service, asked, &answer)
    }

    fn came_back(
        &mut self,
        which: usize,
        service: &TestService,
        (request, asked): (AuthnRequest, OffsetDateTime),
        answer: &Answer,
    ) -> Visit {
        let assertion = service.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
        self.names[which].clone_from(&name(&assertion).value);
        self.indexes[which] = index(&assertion);
        Visit {
            asked,
            at: OffsetDateTime::now_utc(),
            name: self.names[which].clone(),
            shown: assertion.authentication.expect("an assertion says how").at,
            over: None,
        }
    }

    /// Leaves.
    async fn leave(&self, relay: &Relay, clinic: &TestService) {
        match self.course {
            Course::Apart | Course::Stays | Course::Begins => {}
            Course::SignsOut | Course::SchoolAway => {
                let page = self.browser.sign_out(relay).await;
                assert!(page.status < 400, "{}", page.body);
            }
            Course::AtTheClinic => {
                let (status, body) = clinic.log_out(relay, &self.indexes[0], false).await;
                assert!(status == 200 && body.contains("status:Success"), "{body}");
            }
            Course::PullsTheCard => {
                let token = format!("{:t<43}", self.registration.simple());
                let cookie = self.browser.cookie("__Host-session").expect("somebody is signed in");
                let now = OffsetDateTime::now_utc();
                let session = relay.records.session(cookie.as_bytes(), now).await.unwrap();
                let session = session.expect("the session goes on").id;
                relay.records.expect_gone(session, token.as_bytes()).await.unwrap();
                let bridge = Browser::new(relay);
                let told = bridge.post(&relay.at("/card/gone"), &[("gone", &token)]).await;
                assert_eq!(told.status, 204);
            }
            Course::LosesTheCard => {
                let registration = self.registration;
                assert_eq!(relay.office_says(&Said::Suspend { registration }).await, 200);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_matches_two_services_records_by_what_one_party_keeps_and_both_secrets_together_do() {
    let (mut relay, clinic, mut school) = relay_with_two().await;
    let key = relay.cards.authentication();
    let mut people = Vec::new();
    for person in 0..PERSONS {
        people.push(Person::register(&relay, COURSES[person % COURSES.len()], &key).await);
    }
    relay.stop_front().await;
    let front = FrontProcess::start(&relay).await;
    let dump = |of: &store::testing::TestDatabase| String::from_utf8(of.dump().unwrap()).unwrap();

    // Everybody goes to both, in an order that has nothing to do with who they are.
    let mut records: Records = Default::default();
    let mut begun = HashMap::new();
    for (person, which) in shuffled(PERSONS, 11) {
        let service = [&clinic, &school][which];
        let asked = (service.request(&relay), OffsetDateTime::now_utc());
        if people[person].course == Course::Begins {
            let page = people[person]
                .browser
                .begin(&service.redirect(&asked.0, Some("state")))
                .await;
            let card = page.link("/card/", &relay).expect("the card is asked for");
            begun.insert((person, which), (asked, card));
        } else {
            records[which].push(people[person].visit(&relay, which, service, asked).await);
        }
    }
    let going_on = dump(&relay.front_database) + &front.log();
    assert!(going_on.contains("INSERT INTO front.participant") && going_on.contains("INSERT INTO front.procedure"));
    for (person, which) in shuffled(PERSONS, 12) {
        let Some((asked, card)) = begun.remove(&(person, which)) else {
            continue;
        };
        let visit = people[person].finish(which, [&clinic, &school][which], asked, &card);
        records[which].push(visit.await);
    }

    // They leave one by one; last those that the school does not hear of.
    let (away, there): (Vec<_>, Vec<_>) = shuffled(PERSONS, 13)
        .into_iter()
        .filter(|(_, which)| *which == 0)
        .partition(|(person, _)| people[*person].course == Course::SchoolAway);
    let begin_to_leave = OffsetDateTime::now_utc();
    for (person, _) in there {
        people[person].leave(&relay, &clinic).await;
        if people[person].course == Course::AtTheClinic {
            note_over(&mut records[0], &people[person].names[0], OffsetDateTime::now_utc());
        }
    }
    school.go_away().await;
    for (person, _) in away {
        people[person].leave(&relay, &clinic).await;
    }
    let waiting = dump(&relay.front_database) + &front.log();
    school.come_back().await;
    all_told(&school, GROUP * 5).await;
    for (which, service) in [&clinic, &school].into_iter().enumerate() {
        for (at, index) in service.told() {
            let whose = people.iter().find(|person| person.indexes[which] == index);
            note_over(&mut records[which], &whose.expect("it was given out").names[which], at);
        }
    }
    // The day after: what is only needed while a session goes on is gone.
    let left = dump(&relay.front_database);
    let later = OffsetDateTime::now_utc() + Duration::hours(10);
    relay.records.sweep(later).await.unwrap();
    let front = dump(&relay.front_database) + &front.stop();
    let blind = dump(&relay.blind_database) + &relay.blind_log();

    let groups = Groups::of(&people);
    let mut given_away = Vec::new();
    for (whose, kept) in [
        ("no party", ""),
        ("the front while sessions go on", &going_on),
        ("the front while a service is away", &waiting),
        ("the front when all have left", &left),
        ("the front", &front),
        ("the blind half", &blind),
    ] {
        assert!(
            people
                .iter()
                .flat_map(|person| &person.names)
                .all(|name| !kept.contains(name.as_str())),
            "a pseudonym stands in what {whose} keeps"
        );
        let kept = Kept::read(kept);
        for (how, tried) in WAYS {
            let people = groups.given_away(&tried(&records, &kept));
            given_away.extend(people.map(|people| format!("{how}, with what {whose} keeps: {people}")));
        }
    }
    assert!(given_away.is_empty(), "{given_away:#?}");
    // What remains, and no relay can help unless everybody waits: two services hear of one ending in one moment. They do
    // not where one of them was away.
    assert!(
        records[0]
            .iter()
            .any(|visit| visit.over.is_some_and(|over| over > begin_to_leave))
    );
    let told = groups.right(&by_being_told(&records));
    for (course, right) in COURSES.iter().zip(told) {
        let at_once = [
            Course::SignsOut,
            Course::AtTheClinic,
            Course::PullsTheCard,
            Course::LosesTheCard,
        ];
        let expected = if at_once.contains(course) {
            BY_CHANCE_OF_A_GROUP..=GROUP
        } else {
            0..=BY_CHANCE_OF_A_GROUP - 1
        };
        assert!(
            expected.contains(&right),
            "{course:?}: {right} by the moment of being told"
        );
    }
    let truth: Vec<_> = people.iter().map(|person| person.names.clone()).collect();
    assert_eq!(right(&by_both_secrets(&relay, &people).await, &truth), PERSONS);
}

fn note_over(visits: &mut [Visit], name: &str, at: OffsetDateTime) {
    for visit in visits.iter_mut().filter(|visit| visit.name == name) {
        visit.over = Some(at);
    }
}

/// Waits until `service` was told so often: some front is telling meanwhile.
async fn all_told(service: &TestService, often: usize) {
    let told = async {
        while service.told().len() < often {
            tokio::time::sleep(Wait::from_millis(100)).await;
        }
    };
    let told = tokio::time::timeout(Wait::from_secs(120), told).await;
    assert!(told.is_ok(), "told {} of {often}", service.told().len());
}

/// Who is who, by course.
struct Groups(Vec<(Course, Vec<[String; 2]>)>);

impl Groups {
    fn of(people: &[Person]) -> Self {
        let of = |course| {
            let people = people.iter().filter(|person| person.course == course);
            (course, people.map(|person| person.names.clone()).collect())
        };
        Self(COURSES.map(of).into())
    }

    /// How often `guess` is right in each.
    fn right(&self, guess: &Guess) -> Vec<usize> {
        self.0.iter().map(|(_, truth)| right(guess, truth)).collect()
    }

    /// Whom `guess` gives away: nothing, where it is no better than chance.
    fn given_away(&self, guess: &Guess) -> Option<String> {
        let right = self.right(guess);
        let group = right.iter().any(|right| *right >= BY_CHANCE_OF_A_GROUP);
        let found = group || right.iter().sum::<usize>() >= BY_CHANCE;
        let people: Vec<_> = COURSES.iter().zip(right).filter(|(_, right)| *right > 0).collect();
        found.then(|| format!("{people:?} of {GROUP} each"))
    }
}

/// Each person at each service once, in a shuffled order.
fn shuffled(persons: usize, seed: u64) -> Vec<(usize, usize)> {
    let mut chance = SeededChance::new(seed);
    let mut order: Vec<_> = (0..persons).flat_map(|person| [(person, 0), (person, 1)]).collect();
    order.sort_by_cached_key(|_| chance.bytes::<8>());
    order
}

fn right(guess: &Guess, truth: &[[String; 2]]) -> usize {
    truth
        .iter()
        .filter(|[clinic, school]| guess.get(clinic) == Some(school))
        .count()
}

/// What the two halves could do if they put their secrets together.
async fn by_both_secrets(relay: &Relay, people: &[Person]) -> Guess {
    let secret = |name: &str| std::fs::read_to_string(relay.path().join("secrets").join(name)).unwrap();
    let front = FrontHalf::new(&FrontSecret::from_text(&secret("front-1")).unwrap());
    let mut blind = BlindHalf::new(BlindSecret::from_text(&secret("blind-1")).unwrap());
    let domain = Domain::new("429996").unwrap();
    let services = [CLINIC, SCHOOL].map(|entity| Service::new(&domain, entity).unwrap());
    for service in &services {
        blind
            .accept_share(service.clone(), front.service_share(service))
            .unwrap();
    }
    let chance = &mut SeededChance::new(1);
    let mut guess = Guess::new();
    for person in people {
        let certificate = fingerprint(&person.card.certificate);
        let holder = relay.records.holder(&certificate).await.unwrap();
        let stored = holder.unwrap().pseudonym;
        let [clinic, school] = services.each_ref().map(|service| {
            let half = front.half(&stored, service, chance).unwrap();
            blind
                .finish(&half, service, chance)
                .unwrap()
                .unwrap()
                .expose()
                .to_string()
        });
        guess.insert(clinic, school);
    }
    guess
}
