//! The farm: animals that can be inserted, listed, changed and let go, and the farmers who keep them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gapis_farm_v2::runtime::Result;
use gapis_farm_v2::runtime::mock::{MockError, MockResult, MockServer};
use gapis_farm_v2::schemas::{Animal, AnimalList, Farmer, FarmerList};
use gapis_farm_v2::{animals, farmers};

/// What is on the farm: a clone is the same farm.
#[derive(Clone, Debug, Default)]
pub struct Farm(Arc<Mutex<Stock>>);

#[derive(Debug, Default)]
struct Stock {
    last_id: i64,
    animals: BTreeMap<i64, Animal>,
    farmers: Vec<Farmer>,
}

impl Farm {
    /// The names of the animals, in the order in which they came.
    #[must_use]
    pub fn animals(&self) -> Vec<String> {
        self.lock().animals.values().map(|animal| animal.name.clone().unwrap_or_default()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, animal: Animal) -> MockResult<Animal> {
        if animal.name.as_deref().is_none_or(str::is_empty) {
            return Err(MockError::new(400, "required", "Required: name"));
        }
        let mut stock = self.lock();
        stock.last_id += 1;
        let id = stock.last_id;
        let animal = Animal { id: Some(id), ..animal };
        stock.animals.insert(id, animal.clone());
        Ok(animal)
    }

    fn get(&self, id: i64) -> MockResult<Animal> {
        self.lock().animals.get(&id).cloned().ok_or_else(|| no_animal(id))
    }

    /// Sets the members that the change has. The real thing would look at `updateMask` too.
    fn patch(&self, id: i64, change: Animal) -> MockResult<Animal> {
        let mut stock = self.lock();
        let animal = stock.animals.get_mut(&id).ok_or_else(|| no_animal(id))?;
        let Animal { name, weight, pasture, .. } = change;
        animal.name = name.or(animal.name.take());
        animal.weight = weight.or(animal.weight);
        animal.pasture = pasture.or(animal.pasture.take());
        Ok(animal.clone())
    }

    fn delete(&self, id: i64) -> MockResult<()> {
        self.lock().animals.remove(&id).map(drop).ok_or_else(|| no_animal(id))
    }

    fn list(&self, most: usize, from: i64) -> AnimalList {
        let stock = self.lock();
        let mut rest = stock.animals.range(from..);
        let page = rest.by_ref().take(most).map(|(_, animal)| animal.clone()).collect();
        AnimalList {
            animals: Some(page),
            next_page_token: rest.next().map(|(id, _)| id.to_string()),
            total_size: i32::try_from(stock.animals.len()).ok(),
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
/// If there is no free port.
pub fn start() -> Result<(MockServer, Farm)> {
    let mock = MockServer::start()?;
    let farm = Farm::default();
    farm.lock().farmers =
        ["Ada", "Grace"].map(|name| Farmer { name: Some(name.to_owned()), ..Default::default() }).into();
    let _ = farm.insert(Animal { name: Some("horse".to_owned()), ..Default::default() });

    let state = farm.clone();
    mock.on::<animals::Insert>(move |call| state.insert(call.body()?));
    let state = farm.clone();
    mock.on::<animals::Get>(move |call| state.get(call.var_as("animalId")?));
    let state = farm.clone();
    mock.on::<animals::Patch>(move |call| state.patch(call.var_as("animalId")?, call.body()?));
    let state = farm.clone();
    mock.on::<animals::Delete>(move |call| state.delete(call.var_as("animalId")?));
    let state = farm.clone();
    mock.on::<animals::List>(move |call| {
        let most = call.query_as("maxResults")?.unwrap_or(50);
        Ok(state.list(most, call.query_as("pageToken")?.unwrap_or(0)))
    });
    let state = farm.clone();
    mock.on::<farmers::List>(move |_| {
        let farmers = Some(state.lock().farmers.clone());
        Ok(FarmerList { farmers, ..Default::default() })
    });
    Ok((mock, farm))
}
