// What the page can do beyond being read. Without it nothing is missing but
// this. It sets text and attributes only, never HTML.
(() => {
  'use strict';
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, text, properties = {}) => Object.assign(document.createElement(tag), {textContent: text}, properties);

  // Copy buttons.
  for (const pre of $$('pre.sh, pre.go, pre.conf')) {
    const button = make('button', 'Copy', {type: 'button', className: 'copy'});
    button.addEventListener('click', async () => {
      const text = $('code', pre).textContent.replace(/\n$/, '');
      let done = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = make('textarea', text);
        document.body.append(area);
        area.select();
        done = document.execCommand('copy');
        area.remove();
        button.focus();
      }
      button.textContent = done ? 'Copied' : 'Not copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
    pre.append(button);
  }

  // The table: a page of rows at a time, searched and sorted.
  const body = $('#table tbody');
  const rows = $$('#table tbody tr[id]').map((element, number) => ({element, number, text: element.firstElementChild.textContent.toLowerCase() + ' ' + (element.querySelector('.pkg')?.textContent.toLowerCase() ?? '')}));
  const byID = new Map(rows.map(row => [row.element.id, row]));
  const pageSize = 200;
  const state = {words: [], classes: [], leak: '', column: -1, down: false, size: pageSize};
  let kept = rows;
  const belongs = (element, leak) => (element.dataset.leak ?? '').split(' ').includes(leak);
  const show = () => {
    body.replaceChildren(...kept.slice(0, state.size).map(row => row.element));
    $('#shown').textContent = kept.length === rows.length ? `${rows.length} tests` : `${kept.length} of ${rows.length} tests`;
    $('#more').hidden = kept.length <= state.size;
    $('#more').textContent = `Show ${Math.min(pageSize, kept.length - state.size)} more of ${kept.length - state.size}`;
    $('#all').hidden = kept.length === rows.length;
  };
  const chips = $$('.chip[data-show]');
  const choose = classes => {
    state.classes = classes;
    for (const chip of chips) chip.ariaPressed = String(classes.includes(chip.dataset.show));
    select();
  };
  const select = () => {
    kept = rows.filter(row => state.words.every(word => row.text.includes(word)) && (!state.classes.length || state.classes.includes(row.element.className)) && (!state.leak || belongs(row.element, state.leak)));
    if (state.column >= 0) {
      const value = row => {
        const cell = row.element.cells[state.column];
        return cell.classList.contains('num') ? parseFloat(cell.dataset.v ?? cell.textContent) || 0 : cell.textContent;
      };
      const keys = new Map(kept.map(row => [row, state.sorter ? state.sorter(row) : value(row)]));
      const order = (a, b) => typeof a === 'number' ? a - b : a < b ? -1 : a > b ? 1 : 0;
      kept.sort((a, b) => (state.down ? -1 : 1) * order(keys.get(a), keys.get(b)) || a.number - b.number);
    }
    state.size = pageSize;
    show();
  };
  for (const [column, head] of $$('#table th').entries()) {
    const button = make('button', head.textContent, {type: 'button'});
    button.addEventListener('click', () => {
      const first = head.classList.contains('num') && !head.classList.contains('began') ? 'descending' : 'ascending';
      const now = head.ariaSort ? head.ariaSort === 'ascending' ? 'descending' : 'ascending' : first;
      for (const other of $$('#table th')) other.removeAttribute('aria-sort');
      head.ariaSort = now;
      Object.assign(state, {column, down: now === 'descending', sorter: head.classList.contains('began') ? row => parseInt(row.element.id.replace(/\D/g, ''), 10) : null});
      select();
    });
    head.replaceChildren(button);
  }
  if (rows.length) {
    $('#find').hidden = false;
    $('#find').addEventListener('submit', event => event.preventDefault());
    $('#search').addEventListener('input', event => { state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean); select(); });
    for (const chip of chips) chip.addEventListener('click', () => choose(state.classes.includes(chip.dataset.show) ? state.classes.filter(name => name !== chip.dataset.show) : [...state.classes, chip.dataset.show]));
    $('#more').addEventListener('click', () => { state.size += pageSize; show(); });
    $('#all').addEventListener('click', () => {
      $('#search').value = '';
      state.words = [];
      choose([]);
      light('');
      $('#search').focus();
    });
    show();
  }
  // A link to a row that is not shown shows it.
  const reveal = id => {
    const row = byID.get(id);
    if (!row) return;
    if (!kept.includes(row)) {
      $('#search').value = '';
      state.words = [];
      choose([]);
      light('');
    }
    while (kept.indexOf(row) >= state.size) state.size += pageSize;
    show();
    const details = $('details', row.element);
    if (details) details.open = true;
    row.element.scrollIntoView({block: 'center'});
    (details ? $('summary', details) : row.element).focus({preventScroll: true});
  };
  addEventListener('hashchange', () => reveal(location.hash.slice(1)));

  // Lighting up a leak and its victims.
  const light = leak => {
    state.leak = leak;
    document.body.classList.toggle('lit', leak !== '');
    for (const element of $$('.chart [data-leak]')) element.classList.toggle('on', leak !== '' && belongs(element, leak));
    for (const button of $$('button.light')) button.ariaPressed = String(button.dataset.leak === leak);
    select();
  };
  for (const button of $$('button.light')) {
    button.hidden = false;
    button.addEventListener('click', () => light(state.leak === button.dataset.leak ? '' : button.dataset.leak));
  }

  // The cursor on the timeline.
  const chart = $('#chart');
  if (chart) {
    const series = JSON.parse($('#series').textContent);
    const marks = $$('.plot.tests rect[data-row]').map(element => ({element, x: parseFloat(element.getAttribute('x')), width: parseFloat(element.getAttribute('width'))})).sort((a, b) => a.x - b.x);
    const cursor = $('#cursor');
    const detail = $('#detail');
    const plot = $('.plot.time');
    const last = (steps, x) => steps.findLast(step => step.x <= x + 1e-6) ?? steps[0];
    const text = mark => $('title', mark.element).textContent;
    const values = x => series.servers.map(server => {
      const parts = server.values.map(value => `${value.parameter} ${last(value.steps, x).text}`);
      if (server.used?.length) parts.unshift(`${last(server.used, x).text} in use`);
      return `${server.address}: ${parts.join(', ')}`;
    });
    let at = -1;
    const place = number => {
      if (number < 0 || number >= marks.length) return;
      at = number;
      const mark = marks[number];
      const x = mark.x + mark.width;
      const from = plot.getBoundingClientRect().left - chart.getBoundingClientRect().left;
      cursor.style.left = `${from + plot.getBoundingClientRect().width * mark.x / 100}px`;
      cursor.style.width = `${Math.max(1, plot.getBoundingClientRect().width * mark.width / 100)}px`;
      cursor.ariaValueNow = String(number);
      cursor.ariaValueText = [text(mark), ...values(x)].join('; ');
      const name = make('p', '');
      name.append(make('strong', text(mark)), ' ', make('a', 'In the table', {href: '#' + mark.element.dataset.row}));
      detail.replaceChildren(name, ...values(x).map(line => make('p', line)));
      $('a', detail).addEventListener('click', event => { event.preventDefault(); reveal(mark.element.dataset.row); });
    };
    const nearest = (clientX, clientY) => {
      const box = plot.getBoundingClientRect();
      const x = (clientX - box.left) / box.width * 100;
      const hit = document.elementsFromPoint(clientX, clientY).find(element => element.matches('.plot.tests rect[data-row]'));
      if (hit) return marks.findIndex(mark => mark.element === hit);
      let low = 0, high = marks.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (marks[middle].x <= x) low = middle; else high = middle - 1;
      }
      const gap = number => Math.max(0, marks[number].x - x, x - marks[number].x - marks[number].width);
      return low + 1 < marks.length && gap(low + 1) < gap(low) ? low + 1 : low;
    };
    if (marks.length) {
      cursor.hidden = detail.hidden = false;
      cursor.ariaValueMax = String(marks.length - 1);
      const worst = ['leak', 'victim', 'met', 'suspect', 'fail'].map(name => marks.findIndex(mark => mark.element.classList.contains(name))).find(number => number >= 0) ?? 0;
      place(worst);
      let pending = 0;
      chart.addEventListener('pointermove', event => {
        if (pending) cancelAnimationFrame(pending);
        pending = requestAnimationFrame(() => { pending = 0; const number = nearest(event.clientX, event.clientY); if (number !== at) place(number); });
      });
      chart.addEventListener('click', event => {
        const leak = event.target.closest('a[data-leak]');
        if (leak) {
          event.preventDefault();
          light(state.leak === leak.dataset.leak ? '' : leak.dataset.leak);
          return;
        }
        place(nearest(event.clientX, event.clientY));
        const mark = marks[at]?.element;
        if (mark?.classList.contains('leak')) light(state.leak === mark.dataset.leak ? '' : mark.dataset.leak.split(' ')[0]);
      });
      cursor.addEventListener('keydown', event => {
        const to = {ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: marks.length - 1, PageUp: Math.min(at + 20, marks.length - 1), PageDown: Math.max(at - 20, 0)}[event.key];
        if (event.key === 'Enter') { reveal(marks[at].element.dataset.row); event.preventDefault(); }
        if (to === undefined) return;
        event.preventDefault();
        place(Math.max(0, Math.min(marks.length - 1, to)));
      });
      addEventListener('resize', () => place(at));
    }
  }

  // On paper nothing can be unfolded.
  addEventListener('beforeprint', () => { for (const details of $$('details')) details.open = true; });
  if (location.hash) reveal(location.hash.slice(1));
})();
