// A list of people to choose from: narrowed while typing, the chosen ones named above it, numbered where order counts.

/** Make the people picker `host` live. */
export function mountPeople(host) {
  const search = host.querySelector('[data-find]');
  const rows = [...host.querySelectorAll('[data-row]')];
  const none = host.querySelector('[data-none]');
  const chosen = host.querySelector('[data-chosen]');
  const order = [];

  search?.addEventListener('input', narrow);
  search?.addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault());
  host.addEventListener('change', ({ target }) => {
    if (target.matches('[data-person]')) note(target);
  });

  function narrow() {
    const wanted = search.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.dataset.row.toLowerCase().includes(wanted);
    none.hidden = rows.some((row) => !row.hidden);
  }

  function note(input) {
    if (input.type === 'radio') order.length = 0;
    const known = order.indexOf(input);
    if (known >= 0) order.splice(known, 1);
    if (input.checked) order.push(input);
    tellChosen();
  }

  function tellChosen() {
    if (!chosen) return;
    chosen.replaceChildren(...order.map(chip));
    chosen.hidden = order.length === 0;
  }

  function chip(input) {
    const item = document.createElement('li');
    const told = document.createElement('input');
    Object.assign(told, { type: 'hidden', name: host.dataset.people, value: input.value });
    item.append(input.dataset.person, told);
    return item;
  }
}
