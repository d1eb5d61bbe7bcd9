//! The daily sheet of the audit trail, as whoever scans it later reads it.

use super::*;

#[test]
fn the_head_on_the_daily_sheet_is_read_back_to_the_letter() {
    let note = "office.131016\n180000\nZk3cC7mV2gqv8s9m0S3nQxv3pQy1wYx8o2o0V0wq0hA=\nlast 180412\n\
                at 2026-11-30T08:00:00Z\n\n\u{2014} office.131016 q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq8=\n";
    let head = HeadSheet {
        city: "汐見市".into(),
        signed_on: "令和8年11月30日 17時00分".into(),
        events: 180_000,
        note: note.into(),
        public_key: "office.131016+abcdef12+AZk3cC7mV2gqv8s9m0S3nQxv3pQy1wYx8o2o0V0wq0hA".into(),
        dated: time::macros::date!(2026 - 11 - 30),
    };
    let paper = OnDisk::new(&press().head_sheet(&head).unwrap());
    let text = paper.text();
    assert!(text.contains("180000 件") && text.contains("office.131016"), "{text}");
    for resolution in ["150", "300"] {
        let picture = paper.folder.path().join(resolution);
        let picture = picture.to_str().unwrap();
        paper.ask(
            "pdftoppm",
            &["-r", resolution, "-gray", "-singlefile", "-png"],
            &[picture],
        );
        let read = run(
            "zbarimg",
            &["--quiet", "--raw"],
            Path::new(&format!("{picture}.png")),
            &[],
        );
        assert_eq!(read.trim_end(), note.trim_end(), "at {resolution} dpi");
    }
}
