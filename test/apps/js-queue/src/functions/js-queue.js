const { setTimeout: pause } = require('node:timers/promises');
const { app } = require('@azure/functions');

app.storageQueue('js-queue', {
  queueName: 'function',
  connection: 'QueueConnString',
  handler: async (message, context) => {
    await pause(500);
    context.log('Processed', message);
  },
});
