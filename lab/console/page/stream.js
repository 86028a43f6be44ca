// One stream for each browser: a lab is asked once, however many tabs look at it. The tab that holds
// the lock has the stream and tells the others; when it is closed, the next one gets the lock. A tab that
// comes later asks for all that was before.

export function follow(take, all) {
  const channel = new BroadcastChannel('lab-snapshots');
  let watched = false; // by other tabs: else nobody is told
  let leads = false;
  channel.onmessage = (e) => {
    watched = true;
    if (e.data !== '?') take(JSON.parse(e.data));
    else if (leads && all()) channel.postMessage(JSON.stringify(all()));
  };
  channel.postMessage('?');
  const lead = () => new Promise(() => { // it holds the lock as long as the tab lives
    leads = true;
    listen(take, (text) => watched && channel.postMessage(text));
  });
  navigator.locks.request('lab-stream', lead);
}

function listen(take, pass) {
  const source = new EventSource('events');
  const tell = (text) => {
    pass(text);
    take(JSON.parse(text));
  };
  source.onmessage = (e) => tell(e.data);
  source.onerror = () => {
    tell('{"gone":"no answer"}');
    // A browser comes again by itself, but not after an answer that is no stream.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen(take, pass), 1000);
    }
  };
}

// ask gets JSON, or throws the reason in words.
export async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error('the lab is gone');
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}
