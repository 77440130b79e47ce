import { Html } from './html.js';

/** Counts the clocks down, and keeps the place and the focus when a form comes back to the page. */
export const script = new Html(`
const started = performance.now();
const two = (number) => String(number).padStart(2, '0');
const tick = () => {
  for (const time of document.querySelectorAll('[data-seconds]')) {
    const left = Math.max(0, Math.round(time.dataset.seconds - (performance.now() - started) / 1000));
    time.textContent = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60].map(two).join(':');
    time.nextElementSibling.value = left;
  }
};
tick();
setInterval(tick, 1000);

addEventListener('submit', () => sessionStorage.setItem('place', scrollY));
const place = sessionStorage.getItem('place');
if (place !== null) {
  sessionStorage.removeItem('place');
  const status = document.querySelector('[role=status]');
  const words = status.textContent;
  status.textContent = '';
  const pressed = location.hash && document.querySelector(location.hash);
  history.replaceState(null, '', '/');
  scrollTo({ top: place, behavior: 'instant' });
  if (pressed) pressed.focus({ preventScroll: true });
  // A live region speaks when it changes, not when the page comes with it.
  setTimeout(() => { status.textContent = words; }, 150);
}
`);
