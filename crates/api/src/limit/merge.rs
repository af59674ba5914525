//! Questions of one thread that wait at the same moment are asked together.

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;

use tokio::sync::oneshot;

/// Who answers many questions for the price of one.
pub(super) trait Ask: 'static {
    type Question;
    type Answer;

    /// One answer for each question, in their order.
    async fn ask(&self, questions: Vec<Self::Question>) -> Vec<Self::Answer>;
}

/// Gathers questions while others are under way. Whoever comes first sets a task going that asks for all, until nobody waits any more. It
/// is a task of its own, so that a caller who goes away takes nobody's answer along.
pub(super) struct Merger<T: Ask>(Rc<Inner<T>>);

/// A question, and where its answer is wanted.
type Waiting<T> = (<T as Ask>::Question, oneshot::Sender<<T as Ask>::Answer>);

struct Inner<T: Ask> {
    asked: T,
    waiting: RefCell<Vec<Waiting<T>>>,
    is_led: Cell<bool>,
}

impl<T: Ask> Merger<T> {
    pub(super) fn new(asked: T) -> Self {
        Self(Rc::new(Inner { asked, waiting: RefCell::default(), is_led: Cell::new(false) }))
    }

    pub(super) fn asked(&self) -> &T {
        &self.0.asked
    }

    /// The answer; `None` when the thread is being shut down. Must be called on a worker's thread.
    pub(super) async fn ask(&self, question: T::Question) -> Option<T::Answer> {
        let (tell, told) = oneshot::channel();
        self.0.waiting.borrow_mut().push((question, tell));
        if !self.0.is_led.replace(true) {
            let inner = Rc::clone(&self.0);
            actix_web::rt::spawn(async move { inner.lead().await });
        }
        told.await.ok()
    }
}

impl<T: Ask> Inner<T> {
    async fn lead(&self) {
        // However this ends, the next one to come leads anew.
        let _led = Led(&self.is_led);
        loop {
            let mut waiting = mem::take(&mut *self.waiting.borrow_mut());
            waiting.retain(|(_, tell)| !tell.is_closed());
            if waiting.is_empty() {
                return;
            }
            let (questions, tells): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            for (tell, answer) in tells.into_iter().zip(self.asked.ask(questions).await) {
                // Who has gone meanwhile needs no answer.
                let _ = tell.send(answer);
            }
        }
    }
}

struct Led<'a>(&'a Cell<bool>);

impl Drop for Led<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join_all, poll_immediate};
    use tokio::sync::Semaphore;

    use super::*;

    /// Doubles numbers, a batch for each permit, and remembers how many came together.
    struct Doubling {
        permits: Semaphore,
        batches: RefCell<Vec<usize>>,
    }

    impl Ask for Doubling {
        type Question = u32;
        type Answer = u32;

        async fn ask(&self, questions: Vec<u32>) -> Vec<u32> {
            self.permits.acquire().await.unwrap().forget();
            self.batches.borrow_mut().push(questions.len());
            assert!(!questions.contains(&13), "13 is not asked");
            questions.into_iter().map(|number| 2 * number).collect()
        }
    }

    fn doubling(permits: usize) -> Merger<Doubling> {
        Merger::new(Doubling { permits: Semaphore::new(permits), batches: RefCell::default() })
    }

    #[actix_web::test]
    async fn what_waits_together_is_asked_together_and_everybody_gets_their_own_answer() {
        let merger = doubling(1);
        let first = async {
            let answer = merger.ask(1).await;
            merger.asked().permits.add_permits(1);
            answer
        };
        let others = join_all((102..=140).map(|number| merger.ask(number)));
        // The leader's task runs when the first pauses, and finds all of them.
        let (first, others) = tokio::join!(first, others);
        assert_eq!(first, Some(2));
        assert_eq!(others, (102..=140).map(|number| Some(2 * number)).collect::<Vec<_>>());
        assert_eq!(*merger.asked().batches.borrow(), [40]);
    }

    #[actix_web::test]
    async fn questions_that_come_while_one_is_under_way_go_together_after_it() {
        let merger = doubling(0);
        let mut early = Box::pin(merger.ask(1));
        assert!(poll_immediate(&mut early).await.is_none());
        tokio::task::yield_now().await;
        let mut late = Box::pin(join_all([merger.ask(2), merger.ask(3)]));
        assert!(poll_immediate(&mut late).await.is_none());
        merger.asked().permits.add_permits(2);
        assert_eq!(early.await, Some(2));
        assert_eq!(late.await, [Some(4), Some(6)]);
        assert_eq!(*merger.asked().batches.borrow(), [1, 2]);
    }

    #[actix_web::test]
    async fn whoever_goes_away_strands_nobody_and_is_not_asked_for() {
        let merger = doubling(0);
        let mut leader = Box::pin(merger.ask(1));
        assert!(poll_immediate(&mut leader).await.is_none());
        tokio::task::yield_now().await;
        let mut follower = Box::pin(merger.ask(2));
        let mut gone = Box::pin(merger.ask(3));
        assert!(poll_immediate(&mut follower).await.is_none());
        assert!(poll_immediate(&mut gone).await.is_none());
        drop(leader);
        drop(gone);
        merger.asked().permits.add_permits(2);
        assert_eq!(follower.await, Some(4));
        assert_eq!(*merger.asked().batches.borrow(), [1, 1]);
    }

    #[actix_web::test]
    async fn after_a_panic_the_next_one_leads() {
        let merger = doubling(2);
        assert_eq!(merger.ask(13).await, None);
        assert_eq!(merger.ask(4).await, Some(8));
    }
}
