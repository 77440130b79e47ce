import { Html } from './html.js';

/** Counts the clocks down, and keeps the place on the page when a form comes back to it. */
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
scrollTo({ top: sessionStorage.getItem('place') ?? 0, behavior: 'instant' });
sessionStorage.removeItem('place');
`);
