//! What the generator makes of the smallest document for each construct, compiled, and where the text of the code does not
//! show what it does, run.

include!(concat!(env!("OUT_DIR"), "/modules.rs"));

#[cfg(test)]
mod tests {
    use gapis_runtime::schema::to_vec;

    #[test]
    fn a_request_whose_type_occurs_twice_is_named() {
        use crate::updates::Desk;
        use crate::updates::enums::ChangeRequestMode;
        use crate::updates::schemas::{Again, Control, Insert, Move, Step};

        let desk = Desk::builder().anonymous().build().expect("a client");
        let again = Again { step: Some(Box::new(Step::from(Insert::default()))), ..Default::default() };
        let call = desk
            .papers()
            .change("P")
            .push(Step::move_up(Move::default()))
            .push(Step::move_down(Move::default()))
            .push(again)
            .control(Control::default())
            .mode(ChangeRequestMode::Fast)
            .push_(true)
            .note("of the query")
            .note_("of the body")
            .ranges(vec!["A1".to_owned()])
            .dry_run()
            .expect("a call");
        assert!(call.url.contains("note=of%20the%20query"), "{}", call.url);
        let body = call.body.expect("a body");
        assert_eq!(
            std::str::from_utf8(&body).expect("text"),
            concat!(
                r#"{"control":{},"mode":"FAST","note":"of the body","push":true,"ranges":["A1"],"#,
                r#""requests":[{"moveUp":{}},{"moveDown":{}},{"again":{"step":{"insert":{}}}}]}"#
            )
        );
        let step = Step::from(Again::default());
        assert_eq!(to_vec(&step).expect("JSON"), br#"{"again":{}}"#);
    }
}
