// Loaded before an application (`--import`), it lets the process that started it move its clock.
let ahead = 0;
const { now } = Date;
Date.now = () => now() + ahead;

process.on('message', (milliseconds) => {
  ahead += milliseconds;
  process.send?.('moved');
});
process.channel?.unref();
