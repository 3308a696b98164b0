import { errorText } from '../model/known-error.ts';
import { decide, type Decision } from './decide.ts';
import { has, listAt, textAt, valueAt } from './fields.ts';
import type { GuardRequest, GuardSettings } from './guard-request.ts';
import { REFUSAL, refusalText } from './rules.ts';

/** No object of the API is nested as deep: https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/apimachinery/pkg/util/json/json.go */
const DEPTH_MAX = 500;
const UID_LENGTH_MAX = 128;

/** What is answered to one review. */
export interface Answer {
  /** Of HTTP; anything but 200 means that nobody has decided, and the failure policy does. */
  readonly status: number;
  /** JSON of an AdmissionReview, or one line for a person. */
  readonly body: string;
  readonly request?: GuardRequest;
  readonly decision?: Decision;
  /** Why there is no decision. */
  readonly problem?: string;
}

/** Answers an AdmissionReview of the version v1, given as the text of a request. Never throws. */
export function answerReview(text: string, settings: GuardSettings): Answer {
  let review: unknown;
  try {
    if (!isShallow(text)) return refusedAsMalformed(`it is nested deeper than ${DEPTH_MAX} levels`);
    review = JSON.parse(text);
  } catch (error) {
    return refusedAsMalformed(errorText(error));
  }
  const problem = problemOf(review);
  if (problem !== undefined) return refusedAsMalformed(problem);
  const uid = textAt(review, 'request', 'uid');
  const request = requestOf(valueAt(review, 'request'));
  if (isObjectMissing(request)) {
    return {
      ...reviewAnswer(uid, { code: 400, message: `${REFUSAL}: the review has no object` }),
      problem: 'the review has no object',
    };
  }
  const decision = decide(request, settings);
  const status = decision.kind === 'refused' ? { code: 403, message: refusalText(decision.rule) } : undefined;
  return { ...reviewAnswer(uid, status), request, decision };
}

/**
 * Answers a review that is too long to be read, by its beginning. No BackupEr pod is as long, and an error would leave
 * it to the failure policy: who wants to get past the guard would only have to fill up his pod.
 */
export function answerTooLong(beginning: string, sizeMax: number): Answer {
  const problem = `the review is longer than ${sizeMax} bytes`;
  const uid = /^\s*\{[^{}]*"request"\s*:\s*\{\s*"uid"\s*:\s*"(?<uid>[\w-]{1,128})"/u.exec(beginning)
    ?.groups?.['uid'];
  if (uid === undefined) return { status: 413, body: `${problem}\n`, problem };
  return { ...reviewAnswer(uid, { code: 413, message: `${REFUSAL}: ${problem}` }), problem };
}

function refusedAsMalformed(problem: string): Answer {
  return { status: 400, body: `This is no AdmissionReview of admission.k8s.io/v1: ${problem}\n`, problem };
}

function reviewAnswer(
  uid: string,
  status: { readonly code: number; readonly message: string } | undefined,
): Pick<Answer, 'status' | 'body'> {
  const response = {
    uid,
    allowed: status === undefined,
    ...(status && {
      status: { status: 'Failure', reason: status.code === 403 ? 'Forbidden' : 'BadRequest', ...status },
    }),
  };
  return {
    status: 200,
    body: JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }),
  };
}

function problemOf(review: unknown): string | undefined {
  if (textAt(review, 'kind') !== 'AdmissionReview') return 'its kind is another one';
  if (textAt(review, 'apiVersion') !== 'admission.k8s.io/v1') return 'its apiVersion is another one';
  const uid = textAt(review, 'request', 'uid');
  if (uid === '' || uid.length > UID_LENGTH_MAX) return 'request.uid is missing';
  if (textAt(review, 'request', 'operation') === '') return 'request.operation is missing';
  if (textAt(review, 'request', 'resource', 'resource') === '') return 'request.resource is missing';
  return undefined;
}

function requestOf(given: unknown): GuardRequest {
  return {
    operation: textAt(given, 'operation'),
    resource: textAt(given, 'resource', 'resource'),
    group: textAt(given, 'resource', 'group'),
    subresource: textAt(given, 'subResource'),
    name: textAt(given, 'name'),
    namespace: textAt(given, 'namespace'),
    username: textAt(given, 'userInfo', 'username'),
    groups: listAt(given, 'userInfo', 'groups').filter((group) => typeof group === 'string'),
    object: valueAt(given, 'object'),
    oldObject: valueAt(given, 'oldObject') ?? undefined,
  };
}

/** An object without its contents would pass as one that is nobody's business. */
function isObjectMissing({ operation, object }: GuardRequest): boolean {
  return (operation === 'CREATE' || operation === 'UPDATE') && !has(object, 'metadata');
}

/** Whether brackets outside of texts are open no deeper than DEPTH_MAX; what compares objects goes into them. */
function isShallow(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gsu)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth > DEPTH_MAX) return false;
  }
  return true;
}
