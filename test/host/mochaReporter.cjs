// Mocha's command line wants a module that is the reporter.
module.exports = require('./reporter.ts').Reporter;
