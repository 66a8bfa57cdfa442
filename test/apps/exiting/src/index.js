require('@azure/functions');

console.log(`Connecting with ${process.env.API_TOKEN}`);
console.error('no connection to the database');
process.exit(3);
