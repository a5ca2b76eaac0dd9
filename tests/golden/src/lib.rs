//! What the generator makes of the smallest document for each construct, compiled, and where the text of the code does not
//! show what it does, run.

// For the longest of the chains, as in the root of a crate that is generated from them.
#![recursion_limit = "512"]

include!(concat!(env!("OUT_DIR"), "/modules.rs"));

#[cfg(test)]
mod tests {
    use gapis_runtime::private::to_vec;

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

    #[test]
    fn a_value_of_one_of_several_types_has_constructors() {
        use crate::values::enums::ValueNullValue;
        use crate::values::schemas::{ArrayValue, MapValue, Value};

        let list = ArrayValue {
            values: Some(vec![
                Value::string_value("a"),
                Value::integer_value(7),
                Value::double_value(0.5),
                Value::null_value(ValueNullValue::NullValue),
                Value::null_value("NOTHING"),
            ]),
            ..Default::default()
        };
        let map = MapValue { first: Some(Box::new(Value::array_value(list))), ..Default::default() };
        let value = Value::map_value(map);
        let text = String::from_utf8(to_vec(&value).expect("JSON")).expect("text");
        assert_eq!(
            text,
            concat!(
                r#"{"mapValue":{"first":{"arrayValue":{"values":[{"stringValue":"a"},{"integerValue":"7"},"#,
                r#"{"doubleValue":0.5},{"nullValue":"NULL_VALUE"},{"nullValue":"NOTHING"}]}}}}"#
            )
        );
    }

    #[test]
    fn a_required_value_may_be_newer_than_the_crate() {
        use crate::values::Store;
        use crate::values::enums::{ExportKind, ExportOrder, ExportViews};

        let store = Store::builder().anonymous().build().expect("a client");
        let views = [ExportViews::Full];
        let call = store.export(ExportKind::Index, ExportOrder::Ascending, &views);
        let expected = "https://store.example.com/v1/INDEX/export?order=ASCENDING&views=FULL&alt=json";
        assert_eq!(call.dry_run().expect("a call").url, expected);
        let call = store.export("a/b", "RANDOM", &views);
        let expected = "https://store.example.com/v1/a%2Fb/export?order=RANDOM&views=FULL&alt=json";
        assert_eq!(call.dry_run().expect("a call").url, expected);
    }

    #[test]
    fn an_update_beyond_the_api_s_limits_is_refused_and_never_split() {
        use crate::updates::Desk;
        use crate::updates::schemas::Insert;

        let desk = Desk::builder().anonymous().build().expect("a client");
        let insert = |text: &str| Insert { text: Some(text.to_owned()), ..Default::default() };
        let of = |count: usize, text: &str| {
            let update = desk.papers().change("P").push_all((0..count).map(|_| insert(text)));
            update.dry_run().map_err(|error| error.to_string())
        };
        assert!(of(3, "a").is_ok());
        let why = "it is not split, because it is applied as a whole";
        assert_eq!(
            of(4, "a").expect_err("too many"),
            format!("desk.papers.change: the update has 4 requests, but the API accepts 3; {why}")
        );
        assert_eq!(
            of(2, &"a".repeat(100)).expect_err("too large"),
            format!("desk.papers.change: the update has 260 bytes, but the API accepts 200; {why}")
        );
    }
}
