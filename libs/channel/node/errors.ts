import { errorsOf } from '@allod/protocol'

/** Errors of HTTP over a relay, and of the sockets under it. */
export const nodeFail = errorsOf('channel', {
  'http-failed': ['an HTTP exchange over the relay broke off', 'try again; the destination may be down'],
  'http-timeout': ['an HTTP exchange over the relay took longer than its bound', 'try again, or raise the time-out'],
  'head-too-large': ['the head of an HTTP message is larger than its bound', 'send fewer or shorter header fields'],
  'body-too-large': [
    'the body of an HTTP message is larger than its bound',
    'send less at once, or raise maxBodyBytes',
  ],
  'bad-request': ['an HTTP request is not one that is served here', 'send a request with an absolute path'],
  'handler-failed': ['the request could not be handled', 'see the log of the side that answered'],
  'no-channel': ['the byte channel could not be reached', 'check the path of its socket'],
})
