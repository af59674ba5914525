//! The rate cards: those that are compiled in, and one of the operator's own.

use std::path::Path;

use config::{Config as Toml, File, FileFormat};
use domain::RateCard;
use domain::media_value::WrittenCard;

/// The cards of `config/rate-cards`, the newest first.
const COMPILED_IN: [&str; 1] = [include_str!("../../../../config/rate-cards/public-estimate-2026-1.toml")];

/// Every card that callers may name, the one that `reporting.rate_card` picks first: by its id, or by the path of a file, which ends in `.toml`.
pub fn load(picked: &str) -> Result<Vec<RateCard>, String> {
    let mut cards = COMPILED_IN.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let is_file = Path::new(picked).extension().is_some_and(|extension| extension == "toml");
    if is_file {
        let text = std::fs::read_to_string(picked).map_err(|error| format!("{picked} cannot be read: {error}"))?;
        let own = read(&text).map_err(|error| format!("{picked}: {error}"))?;
        cards.retain(|card| card.id != own.id);
        cards.insert(0, own);
        return Ok(cards);
    }
    let Some(at) = cards.iter().position(|card| card.id == picked) else {
        let known: Vec<_> = cards.iter().map(|card| card.id.as_str()).collect();
        return Err(format!("must be the path of a .toml file or one of: {}", known.join(", ")));
    };
    cards.swap(0, at);
    Ok(cards)
}

fn read(text: &str) -> Result<RateCard, String> {
    let toml = Toml::builder().add_source(File::from_str(text, FileFormat::Toml)).build();
    let written: WrittenCard = toml.and_then(Toml::try_deserialize).map_err(|error| error.to_string())?;
    written.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cards_that_are_compiled_in_are_named_as_their_files_and_the_picked_one_is_first() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/rate-cards");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        let mut ids: Vec<_> = load("public-estimate-2026-1").unwrap().into_iter().map(|card| card.id).collect();
        assert_eq!(ids[0], "public-estimate-2026-1");
        ids.sort();
        assert_eq!(ids, files);
    }

    #[test]
    fn a_card_of_the_operators_own_is_read_from_its_file() {
        let path = std::env::temp_dir().join(format!("rate-card-{}.toml", std::process::id()));
        std::fs::write(&path, COMPILED_IN[0].replace("public-estimate-2026-1", "our-own").replace("USD", "EUR"))
            .unwrap();
        let cards = load(path.to_str().unwrap()).unwrap();
        assert_eq!((cards[0].id.as_str(), cards[0].currency.as_str(), cards.len()), ("our-own", "EUR", 2));
        std::fs::write(&path, "id = \"broken\"").unwrap();
        assert!(load(path.to_str().unwrap()).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(load(path.to_str().unwrap()).unwrap_err().contains("cannot be read"));
        assert!(load("nothing").unwrap_err().contains("public-estimate-2026-1"));
    }
}
