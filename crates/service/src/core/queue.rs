//! Who is proven next.
//!
//! Greater priorities first, then whoever came first. Large jobs take turns among themselves: several
//! at once would be slower, and each of them needs all cores anyway. While one runs, others of
//! ordinary size go past those that wait.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::error::ServiceError;
use crate::job::{JobId, Time};

/// Where a job stands: those with the least go first.
type Place = (Reverse<u8>, u64);

/// Jobs that wait.
pub struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    limit: usize,
    large_at_once: usize,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<Place, Waiting>,
    places: HashMap<JobId, Place>,
    /// Places given away so far.
    arrivals: u64,
    /// Jobs that have been promised a place.
    reserved: usize,
    /// Large jobs that are being proven.
    large_running: usize,
    stopped: bool,
}

#[derive(Clone, Copy)]
struct Waiting {
    id: JobId,
    since: Time,
    large: bool,
}

impl Queue {
    /// An empty queue for at most `limit` jobs, of which `large_at_once` large ones are handed out
    /// at once.
    pub fn new(limit: usize, large_at_once: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            limit,
            large_at_once,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Promises a place, before anything is written down.
    ///
    /// # Errors
    /// [`ServiceError::QueueFull`] or [`ServiceError::Stopping`]
    pub fn reserve(&self) -> Result<Reservation<'_>, ServiceError> {
        let mut state = self.lock();
        if state.stopped {
            return Err(ServiceError::Stopping);
        }
        if state.waiting.len() + state.reserved >= self.limit {
            return Err(ServiceError::QueueFull { limit: self.limit });
        }
        state.reserved += 1;
        Ok(Reservation { queue: self })
    }

    /// Adds a job, whether there is room or not: it was accepted before.
    pub fn push(&self, id: JobId, priority: u8, since: Time) {
        self.insert(&mut self.lock(), id, priority, since);
    }

    fn insert(&self, state: &mut State, id: JobId, priority: u8, since: Time) {
        let place = (Reverse(priority), state.arrivals);
        state.arrivals += 1;
        let large = false;
        state.waiting.insert(place, Waiting { id, since, large });
        state.places.insert(id, place);
        self.changed.notify_one();
    }

    /// The next job; waits until there is one. `None` once the queue is stopped.
    pub fn next(&self) -> Option<Turn<'_>> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            let room = state.large_running < self.large_at_once;
            let mut waiting = state.waiting.iter();
            let next = waiting.find(|(_, job)| room || !job.large);
            if let Some((&place, &job)) = next {
                state.waiting.remove(&place);
                state.places.remove(&job.id);
                state.large_running += usize::from(job.large);
                return Some(Turn {
                    queue: self,
                    place,
                    job,
                });
            }
            self.changed.wait(&mut state);
        }
    }

    /// Takes a job out, and says whether it was there.
    pub fn remove(&self, id: JobId) -> bool {
        let mut state = self.lock();
        let place = state.places.remove(&id);
        place.is_some_and(|place| state.waiting.remove(&place).is_some())
    }

    /// Jobs that come before this one, if it waits.
    pub fn ahead(&self, id: JobId) -> Option<u64> {
        let state = self.lock();
        let place = *state.places.get(&id)?;
        Some(state.waiting.range(..place).count() as u64)
    }

    /// Jobs that wait.
    pub fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Since when the job waits that waits longest.
    pub fn oldest(&self) -> Option<Time> {
        self.lock().waiting.values().map(|job| job.since).min()
    }

    /// Hands out nothing any more, and takes nothing.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

/// A place that was promised; given back unless it is used.
pub struct Reservation<'q> {
    queue: &'q Queue,
}

impl Reservation<'_> {
    /// Takes the place.
    pub fn push(self, id: JobId, priority: u8, since: Time) {
        self.queue.push(id, priority, since);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.queue.lock().reserved -= 1;
    }
}

/// A job whose turn it is; others' turn comes when this is dropped.
pub struct Turn<'q> {
    queue: &'q Queue,
    place: Place,
    job: Waiting,
}

impl Turn<'_> {
    /// The job.
    pub fn id(&self) -> JobId {
        self.job.id
    }

    /// Whether it was found to be large.
    pub fn is_large(&self) -> bool {
        self.job.large
    }

    /// The job was found to be large: whether it may go on as such at once.
    pub fn grow(&mut self) -> bool {
        let mut state = self.queue.lock();
        let room = state.large_running < self.queue.large_at_once;
        if room && !self.job.large {
            state.large_running += 1;
            self.job.large = true;
        }
        self.job.large
    }

    /// The job waits, where it stood, until a large one may be proven.
    pub fn wait_as_large(self) {
        let mut state = self.queue.lock();
        let job = Waiting {
            large: true,
            ..self.job
        };
        state.waiting.insert(self.place, job);
        state.places.insert(job.id, self.place);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.queue.lock().large_running -= usize::from(self.job.large);
        // Whoever waits for a large job's end must hear of it.
        self.queue.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn queue(limit: usize) -> (Queue, [JobId; 4]) {
        let ids = core::array::from_fn(|_| JobId::new());
        (Queue::new(limit, 1), ids)
    }

    fn next(queue: &Queue) -> JobId {
        queue.next().expect("somebody waits").id()
    }

    #[test]
    fn priorities_come_first_and_then_the_first() {
        let (queue, [a, b, c, d]) = queue(9);
        for (id, priority) in [(a, 0), (b, 5), (c, 5), (d, 9)] {
            queue.push(id, priority, Time(u64::from(priority)));
        }
        assert_eq!(queue.ahead(a), Some(3));
        assert_eq!(queue.ahead(c), Some(2));
        assert_eq!(queue.oldest(), Some(Time(0)));
        assert_eq!([(); 4].map(|()| next(&queue)), [d, b, c, a]);
        assert_eq!(
            (queue.len(), queue.ahead(a), queue.oldest()),
            (0, None, None)
        );
    }

    #[test]
    fn a_full_queue_says_so() {
        let (queue, [a, b, c, _]) = queue(2);
        queue.push(a, 0, Time(0));
        let promise = queue.reserve().expect("there is room");
        assert!(matches!(
            queue.reserve().err(),
            Some(ServiceError::QueueFull { limit: 2 })
        ));
        drop(promise);
        queue
            .reserve()
            .expect("there is room again")
            .push(b, 0, Time(0));
        assert!(queue.reserve().is_err());
        queue.push(c, 0, Time(0));
        assert_eq!(queue.len(), 3);
        for id in [a, b] {
            assert_eq!(next(&queue), id);
        }
        queue.reserve().expect("there is room again");
    }

    #[test]
    fn whoever_is_removed_does_not_come() {
        let (queue, [a, b, _, _]) = queue(9);
        queue.push(a, 0, Time(0));
        queue.push(b, 0, Time(0));
        assert!(queue.remove(a));
        assert!(!queue.remove(a));
        assert_eq!(next(&queue), b);
    }

    #[test]
    fn large_jobs_take_turns_and_let_others_pass() {
        let (queue, [a, b, c, _]) = queue(9);
        for id in [a, b, c] {
            queue.push(id, 0, Time(0));
        }
        for id in [a, b] {
            let mut turn = queue.next().expect("somebody waits");
            assert_eq!((turn.id(), turn.is_large()), (id, false));
            match id == a {
                true => {
                    assert!(turn.grow() && turn.grow() && turn.is_large());
                    core::mem::forget(turn);
                }
                false => {
                    assert!(!turn.grow());
                    turn.wait_as_large();
                }
            }
        }
        // a runs; b, large as well, waits.
        assert_eq!(next(&queue), c);
        assert_eq!(queue.ahead(b), Some(0));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.next().map(|turn| turn.id()));
            // The end of a.
            drop(Turn {
                queue: &queue,
                place: (Reverse(0), 0),
                job: Waiting {
                    id: a,
                    since: Time(0),
                    large: true,
                },
            });
            assert_eq!(waiting.join().expect("no panic"), Some(b));
        });
    }

    #[test]
    fn a_stopped_queue_hands_out_nothing() {
        let (queue, [a, ..]) = queue(9);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.next().is_none());
            queue.stop();
            assert!(waiting.join().expect("no panic"));
        });
        queue.push(a, 0, Time(0));
        assert!(queue.next().is_none());
        assert!(matches!(
            queue.reserve().err(),
            Some(ServiceError::Stopping)
        ));
    }
}
