//! Prints what a call of a generated module would send: `cargo run -p gapis-example-build-script`.

#![allow(clippy::print_stdout)]

include!(concat!(env!("OUT_DIR"), "/farm_v2.rs"));

use farm_v2::Farm;

fn main() -> farm_v2::runtime::Result<()> {
    let farm = Farm::builder().anonymous().build()?;
    let call = farm.animals().vaccinations().list(7).max_results(10).dry_run()?;
    println!("{} {}", call.verb, call.url);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::farm_v2::{Farm, schemas::Vaccination};

    #[test]
    fn the_module_makes_calls() {
        let farm = Farm::builder().anonymous().build().expect("a client");
        let vaccination = Vaccination { vaccine: Some("BT-8".to_owned()), ..Default::default() };
        let call = farm.animals().vaccinations().insert(7, vaccination).dry_run().expect("a call");
        assert_eq!(call.verb, "POST");
        assert!(call.url.contains("animals/7/vaccinations"), "{}", call.url);
        assert_eq!(call.body.as_deref(), Some(&br#"{"vaccine":"BT-8"}"#[..]));
    }

    #[test]
    fn calls_of_the_module_go_on_a_batch() {
        let farm = Farm::builder().anonymous().build().expect("a client");
        let mut batch = farm.batch();
        farm.animals().get(7).queue(&mut batch, |_| {}).expect("queued");
        assert_eq!(batch.len(), 1);
    }
}
