// What `require()` gives of the entry: the class itself, as npm's memcached does, with what the module exports.
const { Memcached } = require("./memcached.js");
module.exports = Object.assign(Memcached, { Memcached, default: Memcached });
