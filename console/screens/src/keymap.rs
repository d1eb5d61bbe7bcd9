//! The one key table: which key means what, where, and in which words. The help line, F1 and the update all read it.

use super::key::Key;

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Everywhere.
    Anywhere,
    /// Login and lock.
    Password,
    /// The first-run form.
    FirstRun,
    /// 本日の業務.
    Today,
    /// さがす.
    Search,
    /// A resident.
    Resident,
    /// The application form.
    Application,
    /// A case.
    Case,
    /// The steps of the identity verification that are forms.
    Verify,
    /// Its last step.
    VerifyReview,
    /// Making a card: before and after.
    Making,
    /// While the card is written: Esc asks for the safe stop, it never leaves a card half-way unseen.
    MakingRuns,
    /// Before and after the resident types a PIN: the clerk's own view.
    Pin,
    /// The screen is the resident's: no key of the office works there, and no other is named.
    PinFacing,
    /// Papers.
    Papers,
    /// Into the shelf.
    Shelf,
    /// Handing over: the forms.
    Handover,
    /// Handing over: the sights.
    Sights,
    /// Text to be read and scrolled.
    Reading,
    /// The tray.
    Tray,
    /// A card after its handover.
    Standing,
    /// The form of what is to be done to it.
    StandingForm,
    /// The relay's operators: the partners.
    RelayPartners,
    /// One partner.
    RelayPartner,
    /// What is filled in for one.
    RelayForm,
    /// Waiting for the front, which takes its time.
    RelayWaits,
    /// A question with yes and no.
    Question,
    /// A reason is asked for.
    Reason,
}

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Intent {
    /// The row or field above.
    Up,
    /// The row or field below.
    Down,
    /// The choice at the left.
    Left,
    /// The choice at the right.
    Right,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// The likely thing.
    Confirm,
    /// Back, destroying nothing.
    Back,
    /// Tick or untick.
    Toggle,
    /// The queue of this number, or the choice of this number.
    Digit(u8),
    /// さがす.
    Search,
    /// A new application.
    New,
    /// Finish the form.
    Submit,
    /// An exception with its reason.
    Exception,
    /// Ask again.
    Refresh,
    /// Show the masked address.
    Reveal,
    /// The next step of the case.
    Verify,
    /// Make the card.
    Make,
    /// Set the PIN.
    Pin,
    /// Papers.
    Papers,
    /// Shelf.
    Shelf,
    /// Hand over.
    Handover,
    /// Journal.
    Journal,
    /// What is on the card.
    CardShow,
    /// Whether a card that was handed over may be used.
    Standing,
    /// Stop it for now.
    Suspend,
    /// Let it be used again.
    Resume,
    /// End it for good.
    Revoke,
    /// Mend its link with the relay.
    Relink,
    /// Tell the relay again what it refused.
    SendAnew,
    /// Leave unsaid what the relay refused.
    CloseRefused,
    /// Put a partner's metadata forward.
    Register,
    /// Approve metadata that another operator put forward.
    Approve,
    /// Say what the trial sign-in showed.
    Tried,
    /// Let a service go on without single logout.
    WithoutLogout,
    /// Switch a partner on.
    SwitchOn,
    /// Switch a partner off.
    SwitchOff,
    /// Put a partner on trial again.
    Trial,
    /// How long assertions and sessions last.
    Lifetimes,
    /// What is taken beyond the profile.
    Exceptions,
    /// Services that do not know yet that sessions are over.
    Untold,
    /// Take over a case that another desk holds.
    TakeOver,
    /// End the case without a card.
    CancelCase,
    /// Settle an incident.
    CloseIncident,
    /// Give the card up for a new blank.
    GiveUpCard,
    /// Another PIN than the one set.
    PinAgain,
    /// Close the case.
    CloseCase,
    /// Stop what runs.
    Stop,
    /// Put the card back in its shelf.
    ReturnToShelf,
    /// All keys.
    Help,
    /// The other language.
    Language,
    /// The demo's tray.
    Tray,
    /// Lock the screen.
    Lock,
    /// End the session.
    LogOut,
    /// Leave the program.
    Quit,
    /// A new card in the tray.
    NewCard,
    /// Hold the open case's notice under the demo's scanner.
    ScanNotice,
    /// Take the chosen document off the counter.
    Remove,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where.
    pub place: Place,
    /// Which key.
    pub key: Key,
    /// What it means there.
    pub intent: Intent,
    /// The word for it.
    pub word: &'static str,
    /// Whether the help line names it (F1 names all).
    pub line: bool,
}

const fn row(place: Place, key: Key, intent: Intent, word: &'static str) -> Binding {
    Binding {
        place,
        key,
        intent,
        word,
        line: true,
    }
}

/// A row for F1 only: the same thing by another key, or known to everyone.
const fn also(place: Place, key: Key, intent: Intent, word: &'static str) -> Binding {
    Binding {
        place,
        key,
        intent,
        word,
        line: false,
    }
}

use Key::{BackTab, Char, Ctrl, Down, Enter, Esc, F, Left, PageDown, PageUp, Right, Tab, Up};

/// Every key of every place.
pub const TABLE: &[Binding] = &[
    // 本日の業務
    row(Place::Today, Down, Intent::Down, "key-choose"),
    also(Place::Today, Up, Intent::Up, "key-choose"),
    also(Place::Today, PageDown, Intent::PageDown, "key-page"),
    also(Place::Today, PageUp, Intent::PageUp, "key-page"),
    row(Place::Today, Enter, Intent::Confirm, "key-open"),
    // The queues' own lines begin with these.
    also(Place::Today, Char('1'), Intent::Digit(1), "key-queue"),
    also(Place::Today, Char('2'), Intent::Digit(2), "key-queue"),
    also(Place::Today, Char('3'), Intent::Digit(3), "key-queue"),
    also(Place::Today, Char('4'), Intent::Digit(4), "key-queue"),
    also(Place::Today, Char('5'), Intent::Digit(5), "key-queue"),
    row(Place::Today, Char('/'), Intent::Search, "key-search"),
    row(Place::Today, Char('n'), Intent::New, "key-new"),
    row(Place::Today, F(4), Intent::TakeOver, "key-take-over"),
    also(Place::Today, F(5), Intent::Refresh, "key-refresh"),
    row(Place::Today, Esc, Intent::Lock, "key-lock"),
    // さがす
    row(Place::Search, Down, Intent::Down, "key-choose"),
    also(Place::Search, Up, Intent::Up, "key-choose"),
    also(Place::Search, PageDown, Intent::PageDown, "key-page"),
    also(Place::Search, PageUp, Intent::PageUp, "key-page"),
    row(Place::Search, Enter, Intent::Confirm, "key-open"),
    row(Place::Search, Esc, Intent::Back, "key-back"),
    // a resident
    row(Place::Resident, Enter, Intent::Confirm, "key-likely"),
    row(Place::Resident, Char('n'), Intent::New, "key-new"),
    row(Place::Resident, Down, Intent::Down, "key-choose"),
    also(Place::Resident, Up, Intent::Up, "key-choose"),
    row(Place::Resident, Char('k'), Intent::Standing, "key-standing"),
    row(Place::Resident, F(4), Intent::TakeOver, "key-take-over"),
    row(Place::Resident, F(6), Intent::Reveal, "key-reveal"),
    row(Place::Resident, Esc, Intent::Back, "key-back"),
    // the application
    row(Place::Application, Down, Intent::Down, "key-field"),
    also(Place::Application, Up, Intent::Up, "key-field"),
    also(Place::Application, Tab, Intent::Down, "key-field"),
    also(Place::Application, BackTab, Intent::Up, "key-field"),
    row(Place::Application, Char(' '), Intent::Toggle, "key-toggle"),
    also(Place::Application, Left, Intent::Left, "key-change"),
    also(Place::Application, Right, Intent::Right, "key-change"),
    row(Place::Application, Enter, Intent::Confirm, "key-next"),
    row(Place::Application, F(2), Intent::Submit, "key-submit"),
    row(Place::Application, Esc, Intent::Back, "key-back-kept"),
    // a case
    row(Place::Case, Enter, Intent::Confirm, "key-likely"),
    also(Place::Case, Char('v'), Intent::Verify, "key-verify"),
    also(Place::Case, Char('m'), Intent::Make, "key-make"),
    also(Place::Case, Char('p'), Intent::Pin, "key-pin"),
    row(Place::Case, Char('i'), Intent::CloseIncident, "key-close-incident"),
    row(Place::Case, Char('t'), Intent::Papers, "key-papers"),
    also(Place::Case, Char('s'), Intent::Shelf, "key-shelf"),
    also(Place::Case, Char('h'), Intent::Handover, "key-handover"),
    row(Place::Case, Char('j'), Intent::Journal, "key-journal"),
    row(Place::Case, Char('c'), Intent::CardShow, "key-card"),
    row(Place::Case, Char('k'), Intent::Standing, "key-standing"),
    also(Place::Case, F(6), Intent::Reveal, "key-reveal"),
    also(Place::Case, Char('x'), Intent::CancelCase, "key-cancel-case"),
    also(Place::Case, Char('g'), Intent::GiveUpCard, "key-give-up-card"),
    row(Place::Case, Esc, Intent::CloseCase, "key-close-case"),
    // the identity verification
    row(Place::Verify, Down, Intent::Down, "key-field"),
    also(Place::Verify, Up, Intent::Up, "key-field"),
    also(Place::Verify, Tab, Intent::Down, "key-field"),
    also(Place::Verify, BackTab, Intent::Up, "key-field"),
    also(Place::Verify, Left, Intent::Left, "key-change"),
    also(Place::Verify, Right, Intent::Right, "key-change"),
    row(Place::Verify, Char(' '), Intent::Toggle, "key-toggle"),
    row(Place::Verify, Enter, Intent::Confirm, "key-next"),
    row(Place::Verify, F(3), Intent::Exception, "key-exception"),
    row(Place::Verify, Key::Delete, Intent::Remove, "key-remove"),
    also(Place::Verify, F(6), Intent::Reveal, "key-reveal"),
    also(Place::Verify, PageDown, Intent::PageDown, "key-page"),
    also(Place::Verify, PageUp, Intent::PageUp, "key-page"),
    row(Place::Verify, Esc, Intent::Back, "key-back-kept"),
    row(Place::VerifyReview, Enter, Intent::Confirm, "key-record"),
    row(Place::VerifyReview, Down, Intent::Down, "key-scroll"),
    also(Place::VerifyReview, Up, Intent::Up, "key-scroll"),
    row(Place::VerifyReview, Esc, Intent::Back, "key-back-kept"),
    // making
    row(Place::Making, Enter, Intent::Confirm, "key-start"),
    row(Place::Making, F(5), Intent::Refresh, "key-look-again"),
    row(Place::Making, Esc, Intent::Back, "key-back"),
    row(Place::MakingRuns, Esc, Intent::Stop, "key-stop"),
    also(Place::MakingRuns, Char('s'), Intent::Stop, "key-stop"),
    // the resident's PIN
    row(Place::Pin, Enter, Intent::Confirm, "key-decide"),
    row(Place::Pin, Char('r'), Intent::PinAgain, "key-pin-again"),
    row(Place::Pin, Esc, Intent::Back, "key-give-up"),
    row(Place::PinFacing, Enter, Intent::Confirm, "key-decide"),
    row(Place::PinFacing, Esc, Intent::Back, "key-give-up"),
    // papers
    row(Place::Papers, Down, Intent::Down, "key-choose"),
    also(Place::Papers, Up, Intent::Up, "key-choose"),
    row(Place::Papers, Enter, Intent::Confirm, "key-print"),
    row(Place::Papers, Esc, Intent::Back, "key-back"),
    // shelf
    row(Place::Shelf, Enter, Intent::Confirm, "key-put"),
    row(Place::Shelf, Esc, Intent::Back, "key-back"),
    // handing over
    row(Place::Handover, Down, Intent::Down, "key-field"),
    also(Place::Handover, Up, Intent::Up, "key-field"),
    also(Place::Handover, Tab, Intent::Down, "key-field"),
    also(Place::Handover, BackTab, Intent::Up, "key-field"),
    row(Place::Handover, Enter, Intent::Confirm, "key-next"),
    row(Place::Handover, Esc, Intent::Back, "key-back"),
    row(Place::Sights, Down, Intent::Down, "key-choose"),
    also(Place::Sights, Up, Intent::Up, "key-choose"),
    row(Place::Sights, Char(' '), Intent::Toggle, "key-toggle"),
    row(Place::Sights, Enter, Intent::Confirm, "key-next"),
    row(Place::Sights, Char('r'), Intent::ReturnToShelf, "key-return"),
    row(Place::Sights, Esc, Intent::Back, "key-back"),
    // a card after its handover
    row(Place::Standing, Enter, Intent::Confirm, "key-likely"),
    row(Place::Standing, Char('s'), Intent::Suspend, "key-suspend"),
    row(Place::Standing, Char('r'), Intent::Resume, "key-resume"),
    row(Place::Standing, Char('x'), Intent::Revoke, "key-revoke"),
    row(Place::Standing, Char('l'), Intent::Relink, "key-relink"),
    also(Place::Standing, Char('a'), Intent::SendAnew, "key-send-anew"),
    row(Place::Standing, Char('c'), Intent::CloseRefused, "key-close-refused"),
    row(Place::Standing, Char('j'), Intent::Journal, "key-journal"),
    row(Place::Standing, Esc, Intent::Back, "key-back"),
    row(Place::StandingForm, Down, Intent::Down, "key-choose"),
    also(Place::StandingForm, Up, Intent::Up, "key-choose"),
    row(Place::StandingForm, Enter, Intent::Confirm, "key-decide"),
    row(Place::StandingForm, Esc, Intent::Back, "key-give-up"),
    // the relay's operators
    row(Place::RelayPartners, Down, Intent::Down, "key-choose"),
    also(Place::RelayPartners, Up, Intent::Up, "key-choose"),
    also(Place::RelayPartners, PageDown, Intent::PageDown, "key-page"),
    also(Place::RelayPartners, PageUp, Intent::PageUp, "key-page"),
    row(Place::RelayPartners, Enter, Intent::Confirm, "key-open"),
    row(Place::RelayPartners, Char('n'), Intent::Register, "key-register"),
    row(Place::RelayPartners, Char('x'), Intent::SwitchOff, "key-switch-off"),
    row(Place::RelayPartners, Char('j'), Intent::Journal, "key-trail"),
    row(Place::RelayPartners, Char('u'), Intent::Untold, "key-untold"),
    also(Place::RelayPartners, F(5), Intent::Refresh, "key-refresh"),
    row(Place::RelayPartners, Esc, Intent::Lock, "key-lock"),
    row(Place::RelayPartner, Enter, Intent::Confirm, "key-likely"),
    also(Place::RelayPartner, Char('a'), Intent::Approve, "key-approve"),
    also(Place::RelayPartner, Char('s'), Intent::Tried, "key-tried"),
    also(
        Place::RelayPartner,
        Char('w'),
        Intent::WithoutLogout,
        "key-without-logout",
    ),
    also(Place::RelayPartner, Char('o'), Intent::SwitchOn, "key-switch-on"),
    row(Place::RelayPartner, Char('x'), Intent::SwitchOff, "key-switch-off"),
    row(Place::RelayPartner, Char('t'), Intent::Trial, "key-trial"),
    row(Place::RelayPartner, Char('l'), Intent::Lifetimes, "key-lifetimes"),
    row(Place::RelayPartner, Char('e'), Intent::Exceptions, "key-exceptions"),
    also(Place::RelayPartner, F(5), Intent::Refresh, "key-refresh"),
    row(Place::RelayPartner, Esc, Intent::Back, "key-back"),
    row(Place::RelayForm, Down, Intent::Down, "key-field"),
    also(Place::RelayForm, Up, Intent::Up, "key-field"),
    also(Place::RelayForm, Tab, Intent::Down, "key-field"),
    also(Place::RelayForm, BackTab, Intent::Up, "key-field"),
    row(Place::RelayForm, Char(' '), Intent::Toggle, "key-toggle"),
    row(Place::RelayForm, Enter, Intent::Confirm, "key-decide"),
    row(Place::RelayForm, Esc, Intent::Back, "key-give-up"),
    row(Place::RelayWaits, Esc, Intent::Stop, "key-stop-waiting"),
    // reading
    row(Place::Reading, Down, Intent::Down, "key-scroll"),
    also(Place::Reading, Up, Intent::Up, "key-scroll"),
    row(Place::Reading, PageDown, Intent::PageDown, "key-page"),
    also(Place::Reading, PageUp, Intent::PageUp, "key-page"),
    also(Place::Reading, F(5), Intent::Refresh, "key-look-again"),
    row(Place::Reading, Esc, Intent::Back, "key-back"),
    // login and lock
    row(Place::Password, Enter, Intent::Confirm, "key-enter-password"),
    row(Place::Password, F(5), Intent::Refresh, "key-look-again"),
    row(Place::Password, Ctrl('d'), Intent::LogOut, "key-log-out"),
    also(Place::Password, Esc, Intent::Back, "key-back"),
    row(Place::FirstRun, Down, Intent::Down, "key-field"),
    also(Place::FirstRun, Up, Intent::Up, "key-field"),
    also(Place::FirstRun, Tab, Intent::Down, "key-field"),
    also(Place::FirstRun, BackTab, Intent::Up, "key-field"),
    row(Place::FirstRun, Enter, Intent::Confirm, "key-next"),
    // the tray
    row(Place::Tray, Down, Intent::Down, "key-choose"),
    also(Place::Tray, Up, Intent::Up, "key-choose"),
    row(Place::Tray, Char('s'), Intent::Digit(1), "key-tray-staff"),
    row(Place::Tray, Char('r'), Intent::Digit(2), "key-tray-resident"),
    row(Place::Tray, Char('n'), Intent::NewCard, "key-tray-new"),
    row(Place::Tray, Char('q'), Intent::ScanNotice, "key-tray-scan"),
    row(Place::Tray, Esc, Intent::Back, "key-close"),
    also(Place::Tray, Enter, Intent::Confirm, "key-tray-likely"),
    // questions and reasons
    row(Place::Question, Enter, Intent::Confirm, "key-yes"),
    also(Place::Question, Char('y'), Intent::Confirm, "key-yes"),
    row(Place::Question, Esc, Intent::Back, "key-no"),
    also(Place::Question, Char('n'), Intent::Back, "key-no"),
    row(Place::Reason, Enter, Intent::Confirm, "key-decide"),
    row(Place::Reason, Esc, Intent::Back, "key-back"),
    // everywhere
    row(Place::Anywhere, F(1), Intent::Help, "key-help"),
    row(Place::Anywhere, F(10), Intent::Language, "key-language"),
    row(Place::Anywhere, F(12), Intent::Tray, "key-tray"),
    also(Place::Anywhere, Ctrl('l'), Intent::Lock, "key-lock"),
    also(Place::Anywhere, Ctrl('d'), Intent::LogOut, "key-log-out"),
    also(Place::Anywhere, Ctrl('q'), Intent::Quit, "key-quit"),
    also(Place::Anywhere, Ctrl('c'), Intent::Quit, "key-quit"),
];

/// What `key` means at `place`; the place's own rows come before those of everywhere.
pub fn intent(place: Place, key: Key) -> Option<Intent> {
    // Letters mean the same in either case and either width: neither CapsLock nor an input method left on is a reason to
    // be ignored.
    let key = match key {
        Key::Char(letter) => Key::Char(narrow(letter).to_ascii_lowercase()),
        other => other,
    };
    let find = |place| TABLE.iter().find(|row| row.place == place && row.key == key);
    find(place)
        .or_else(|| find(Place::Anywhere).filter(|_| has_keys_of_everywhere(place)))
        .map(|binding| binding.intent)
}

/// How much a key is missed on a help line that is too short for all: what stands last here goes first. F1 names every
/// key, so nothing is out of reach as long as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missed {
    /// It tells all the others: it never goes.
    TellsAll,
    /// On, and out: without them one is stuck.
    OnAndOut,
    /// What this screen is for.
    Here,
    /// What holds on every screen.
    Everywhere,
    /// What can be looked at from here.
    Besides,
    /// Moving about: known to everyone, and the pointer shows that there is something to choose.
    Moving,
}

/// How much the key of `intent` is missed.
pub const fn missed(intent: Intent) -> Missed {
    match intent {
        Intent::Help => Missed::TellsAll,
        Intent::Confirm | Intent::Back | Intent::CloseCase | Intent::Stop | Intent::Submit | Intent::Lock => {
            Missed::OnAndOut
        }
        Intent::Language | Intent::Tray => Missed::Everywhere,
        Intent::Papers
        | Intent::Journal
        | Intent::Untold
        | Intent::CardShow
        | Intent::Reveal
        | Intent::Refresh
        | Intent::LogOut => Missed::Besides,
        Intent::Up | Intent::Down | Intent::Left | Intent::Right | Intent::PageUp | Intent::PageDown => Missed::Moving,
        _ => Missed::Here,
    }
}

/// The rows that hold at `place`, everywhere's last.
pub fn bindings(place: Place) -> impl Iterator<Item = &'static Binding> {
    let at = move |wanted| TABLE.iter().filter(move |row| row.place == wanted);
    at(place).chain(at(Place::Anywhere).filter(move |_| place != Place::Anywhere && has_keys_of_everywhere(place)))
}

/// In front of the resident lie no keys of the office: one of them shows the demo's passwords.
const fn has_keys_of_everywhere(place: Place) -> bool {
    !matches!(place, Place::PinFacing)
}

/// A full-width letter, digit or space as the key that was pressed.
pub fn narrow(letter: char) -> char {
    match letter {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(letter as u32 - 0xFEE0).unwrap_or(letter),
        other => other,
    }
}

/// How a key is written.
pub fn name(key: Key) -> String {
    match key {
        Key::Char(' ') => "Space".into(),
        Key::Char(letter) => letter.to_string(),
        Key::Ctrl(letter) => format!("Ctrl+{}", letter.to_ascii_uppercase()),
        Key::F(number) => format!("F{number}"),
        Key::Up => "↑".into(),
        Key::Down => "↓".into(),
        Key::Left => "←".into(),
        Key::Right => "→".into(),
        Key::PageUp => "PgUp".into(),
        Key::PageDown => "PgDn".into(),
        Key::BackTab => "Shift+Tab".into(),
        Key::Backspace => "BS".into(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let mut seen = BTreeSet::new();
        for binding in TABLE {
            assert!(seen.insert((binding.place, binding.key)), "{binding:?}");
        }
    }

    #[test]
    fn every_place_can_be_left() {
        let places: BTreeSet<Place> = TABLE.iter().map(|row| row.place).collect();
        for place in places {
            assert!(
                place == Place::Anywhere || place == Place::FirstRun || intent(place, Key::Esc).is_some(),
                "{place:?}"
            );
            let help = (place != Place::PinFacing).then_some(Intent::Help);
            assert_eq!(intent(place, Key::F(1)), help, "{place:?}");
        }
    }

    #[test]
    fn a_key_is_the_same_key_with_the_input_method_left_on() {
        assert_eq!(intent(Place::Today, Key::Char('２')), Some(Intent::Digit(2)));
        assert_eq!(intent(Place::Today, Key::Char('／')), Some(Intent::Search));
        assert_eq!(intent(Place::Case, Key::Char('Ｊ')), Some(Intent::Journal));
        assert_eq!(intent(Place::Sights, Key::Char('\u{3000}')), Some(Intent::Toggle));
    }
}
