import { errorsOf } from '@allod/protocol'

/** Every error of the serving engine. Those a client can cause have a status in `http/statusOf.ts`. */
export const fail = errorsOf('serve', {
  'bad-parameters': [
    'the engine parameters of the job do not fit the model',
    'leave the parameter out to get what the model was trained for',
  ],
  'no-native-engine': [
    'the native inference library was not found beside the program',
    'run the packaged folder as it is, or install the npm packages for linux-x64',
  ],
  'bad-input': [
    'an input of the job is missing or not what it should be',
    'a serve job has a model as base and may have an adapter',
  ],
  'model-load': [
    'the model could not be loaded',
    'check that /in/base is a complete folder of a supported architecture',
  ],
  'adapter-load': ['the adapter could not be applied', 'check that /in/adapter was trained on this base'],
  'bad-request': ['the request is not one that the API knows', 'compare it with the OpenAI API reference'],
  'unsupported-parameter': [
    'the request asks for something that this engine does not do',
    'leave the parameter out, or give it the value named as expected',
  ],
  'bad-schema': [
    'the JSON schema cannot be enforced',
    'use objects, arrays, strings, numbers, booleans, null, enum, const, anyOf and local $ref',
  ],
  'bad-template': ['the chat template refused the messages', 'check the order of roles against the model card'],
  'unknown-model': ['no model of that name is served here', 'ask GET /v1/models for the names'],
  'unknown-route': [
    'there is no such route',
    'use /v1/chat/completions, /v1/completions, /v1/embeddings or /v1/models',
  ],
  'body-too-large': ['the request body is larger than its bound', 'send a shorter prompt'],
  'context-exceeded': [
    'the prompt and the answer do not fit the context',
    'shorten the prompt or ask for fewer tokens',
  ],
  'queue-full': ['too many requests are waiting', 'try again in a moment'],
  'time-limit': [
    'the request took longer than the engine allows',
    'ask for fewer tokens, or try again when it is quieter',
  ],
  'logprobs-off': ['log probabilities are not served by this job', 'order with the engine parameter logprobs: true'],
  'embeddings-off': ['embeddings are not served by this job', 'order with the engine parameter embeddings: true'],
  'engine-failed': [
    'the model failed on this request',
    'try again; if it happens again the model and the engine do not fit',
  ],
  stopping: ['the engine is stopping', 'send the request to the next replica'],
})
