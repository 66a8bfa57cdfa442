const { setTimeout: pause } = require('node:timers/promises');

module.exports = async (context, message) => {
  await pause(500);
  context.log('Processed', message);
};
