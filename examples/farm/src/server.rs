//! The farm: animals that can be inserted, listed, changed and deleted, and the farmers who keep them.

use std::collections::BTreeMap;

use gapis_farm_v2::runtime::Result;
use gapis_farm_v2::schemas::{Animal, AnimalList, Farmer, FarmerList};
use gapis_farm_v2::{animals, farmers};
use gapis_mock::{MockError, MockResult, MockServer};

use crate::Shared;

/// What is on the farm.
#[derive(Debug, Default)]
pub struct Farm {
    last_id: i64,
    animals: BTreeMap<i64, Animal>,
    farmers: Vec<Farmer>,
}

impl Farm {
    /// The names of the animals, in the order in which they were added.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.animals.values().filter_map(|animal| animal.name.as_deref()).collect()
    }

    fn insert(&mut self, animal: Animal) -> MockResult<Animal> {
        if animal.name.as_deref().is_none_or(str::is_empty) {
            return Err(MockError::new(400, "required", "Required: name"));
        }
        self.last_id += 1;
        let animal = Animal { id: Some(self.last_id), ..animal };
        self.animals.insert(self.last_id, animal.clone());
        Ok(animal)
    }

    fn get(&self, id: i64) -> MockResult<Animal> {
        self.animals.get(&id).cloned().ok_or_else(|| no_animal(id))
    }

    /// Sets the members of the change.
    fn patch(&mut self, id: i64, change: Animal) -> MockResult<Animal> {
        let animal = self.animals.get_mut(&id).ok_or_else(|| no_animal(id))?;
        let Animal { name, weight, .. } = change;
        animal.name = name.or(animal.name.take());
        animal.weight = weight.or(animal.weight);
        Ok(animal.clone())
    }

    fn delete(&mut self, id: i64) -> MockResult<()> {
        self.animals.remove(&id).map(drop).ok_or_else(|| no_animal(id))
    }

    fn list(&self, most: usize, from: i64) -> AnimalList {
        let mut rest = self.animals.range(from..);
        let page = rest.by_ref().take(most).map(|(_, animal)| animal.clone()).collect();
        AnimalList {
            animals: Some(page),
            next_page_token: rest.next().map(|(id, _)| id.to_string()),
            total_size: i32::try_from(self.animals.len()).ok(),
            ..Default::default()
        }
    }
}

fn no_animal(id: i64) -> MockError {
    MockError::not_found(format_args!("animal {id}"))
}

/// Starts a farm with one horse and two farmers.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Farm>)> {
    let mock = MockServer::start()?;
    let farmers = ["Ada", "Grace"];
    let farmers = farmers.map(|name| Farmer { name: Some(name.to_owned()), ..Default::default() });
    let mut farm = Farm { farmers: farmers.into(), ..Default::default() };
    let _ = farm.insert(Animal { name: Some("horse".to_owned()), ..Default::default() });
    let farm = Shared::new(farm);

    let state = farm.clone();
    mock.on::<animals::Insert>(move |call| state.lock().insert(call.body()?));
    let state = farm.clone();
    mock.on::<animals::Get>(move |call| state.lock().get(call.var_as("animalId")?));
    let state = farm.clone();
    mock.on::<animals::Patch>(move |call| state.lock().patch(call.var_as("animalId")?, call.body()?));
    let state = farm.clone();
    mock.on::<animals::Delete>(move |call| state.lock().delete(call.var_as("animalId")?));
    let state = farm.clone();
    mock.on::<animals::List>(move |call| {
        let most = call.query_as("maxResults")?.unwrap_or(50);
        Ok(state.lock().list(most, call.query_as("pageToken")?.unwrap_or(0)))
    });
    let state = farm.clone();
    mock.on::<farmers::List>(move |_| {
        Ok(FarmerList { farmers: Some(state.lock().farmers.clone()), ..Default::default() })
    });
    Ok((mock, farm))
}
