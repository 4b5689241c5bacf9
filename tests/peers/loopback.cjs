// Every listening socket on 127.0.0.1: the counterparts of the tests are nobody else's business.
const net = require('net')
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (first, ...rest) {
  const done = rest.find((argument) => typeof argument === 'function')
  if (first && typeof first === 'object') return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
  return listen.call(this, { port: Number(first), host: '127.0.0.1' }, done)
}
