// The bell: how many notices are unread, told by the server while the page is seen; asked once a minute where it cannot.

const SETTLED = 2_000; // whoever goes on at once takes no stream
const MINUTE = 60_000;

/** Keep the count of `bell` true: its data names the stream, the address to ask, and from where on it says "99+". */
export function mountBell(bell) {
  const count = bell.querySelector('[data-count]');
  const whole = count.parentElement;
  const { stream, unread, most } = bell.dataset;
  let source = null;
  let asking = null;
  let begins = null;

  function show(number) {
    count.textContent = number >= Number(most) ? '99+' : String(number);
    whole.hidden = number === 0;
    bell.classList.toggle('is-rung', number > 0);
  }

  async function ask() {
    try {
      const reply = await fetch(unread, { headers: { Accept: 'application/json' }, redirect: 'manual' });
      if (reply.ok) show((await reply.json()).unread);
      else if (reply.type === 'opaqueredirect') stop();
    } catch {
      // the next minute tells
    }
  }

  function askEveryMinute() {
    close();
    asking ??= setInterval(ask, MINUTE);
  }

  function close() {
    source?.close();
    source = null;
  }

  function stop() {
    clearTimeout(begins);
    clearInterval(asking);
    asking = null;
    close();
  }

  function listen() {
    source = new EventSource(stream);
    source.addEventListener('unread', ({ data }) => show(Number(data)));
    source.addEventListener('busy', askEveryMinute);
    source.addEventListener('over', stop);
    source.addEventListener('error', () => {
      if (source?.readyState === EventSource.CLOSED) askEveryMinute(); // refused: there is no room
    });
  }

  function begin() {
    stop();
    if (!document.hidden) begins = setTimeout(listen, SETTLED);
  }

  document.addEventListener('visibilitychange', begin);
  addEventListener('pagehide', stop);
  addEventListener('pageshow', ({ persisted }) => persisted && begin());
  begin();
}
