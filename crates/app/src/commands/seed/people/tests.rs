use std::collections::BTreeSet;

use super::*;

fn plan(profiles: u64, organizations: u32) -> Plan {
    let last = Day::parse("2026-03-31").unwrap();
    Plan { seed: 3, profiles, organizations, posts_per_profile: 4, first: last.plus(-29), last }
}

fn people(plan: Plan) -> Vec<SeedPerson> {
    People::new(plan, plan.organizations().iter().map(|organization| organization.id).collect()).collect()
}

#[test]
fn there_are_as_many_profiles_as_asked_and_every_handle_is_one() {
    let people = people(plan(301, 3));
    let profiles: Vec<_> = people.iter().flat_map(|person| &person.profiles).collect();
    assert_eq!(profiles.len(), 301);
    let mut handles = BTreeSet::new();
    for SeedProfile { facts, .. } in profiles {
        let handle = domain::Handle::parse(facts.platform, &facts.username).unwrap();
        assert_eq!(handle.as_str(), facts.username);
        assert_eq!(sandbox::State::of_handle(&facts.username), None);
        handles.insert((facts.platform, facts.username.clone()));
    }
    assert_eq!(handles.len(), 301);
}

#[test]
fn an_organization_has_a_profile_once_and_a_post_once_by_hand() {
    let people = people(plan(400, 4));
    let (mut shared, mut in_two_feeds, mut twice, mut paused) = (0, 0, 0, 0);
    for person in &people {
        for profile in &person.profiles {
            let by: BTreeSet<_> = profile.accounts.iter().map(|account| account.organization).collect();
            assert_eq!(by.len(), profile.accounts.len());
            shared += usize::from(by.len() > 1);
            paused += profile.accounts.iter().filter(|account| account.paused.is_some()).count();
            for post in &profile.posts {
                assert!(post.by_hand.len() <= 1);
                let of_first = post.feeds.iter().filter(|feed| feed.account != profile.accounts[0].id);
                in_two_feeds += usize::from(of_first.count() >= by.len());
                twice += post.by_hand.len();
            }
        }
    }
    assert!(shared > 5 && in_two_feeds > 5 && twice > 20 && paused > 1, "{shared} {in_two_feeds} {twice} {paused}");
    assert!(people.iter().any(|person| !person.apart.is_empty()));
}

#[test]
fn keys_are_well_formed_and_no_two_are_the_same() {
    let organizations = plan(1, 50).organizations();
    let keys: BTreeSet<_> = organizations.iter().map(|made| made.key.reveal().to_owned()).collect();
    assert_eq!(keys.len(), 50);
    assert!(keys.iter().all(|key| ApiKey::parse(key).is_some()));
    let ids: BTreeSet<_> = organizations.iter().map(|made| made.id).collect();
    assert_eq!(ids.len(), 50);
}

#[test]
fn numbers_are_written_in_base_36() {
    assert_eq!((base36(0, 1).as_str(), base36(35, 1).as_str(), base36(36, 3).as_str()), ("0", "z", "010"));
}
