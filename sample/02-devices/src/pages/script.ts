import { Html } from '../html.js';

/** Reads the notice out, and listens for news of the user's sessions. Without it, the next click shows the same. */
export const script = new Html(`
const notice = document.querySelector('#notice');
const status = document.querySelector('#status');
const say = (words) => { status.textContent = words; };
// A live region speaks when it changes, not when the page comes with it.
setTimeout(() => say(notice.textContent), 150);

const list = () => document.querySelector('[data-list]');
const news = new EventSource('/news');
news.addEventListener('ended', () => {
  news.close();
  location.assign('/sign-in?ended');
});
news.addEventListener('changed', async ({ data }) => {
  if (!list()) return;
  const response = await fetch(list().dataset.list);
  if (!response.ok) return;
  const focused = document.activeElement.id;
  const template = document.createElement('template');
  template.innerHTML = await response.text();
  list().replaceWith(template.content);
  if (focused && document.activeElement.id !== focused) (document.getElementById(focused) ?? document.querySelector('#devices')).focus();
  if (data) say(notice.textContent = data);
});
news.addEventListener('error', () => {
  if (news.readyState === EventSource.CLOSED) location.assign('/');
});
`);
