"""The claims-intake demo: sixty synthetic documents, the workflow that answers them, and what must come out.

model        the words of the demo: Document, Claim, Eligibility, Decision, Verdict
mailroom     what arrived, and which arrivals are one document
reading      a file as pages of text
classify     what kind of paper it is
written      a claim's fields as the sender wrote them, in each channel
extract      a claim's fields as values, or why there is no claim
eligibility  who is covered for what: the service, and the question put to it
decide       the rules
answer       the letter
intake       the workflow
executions   how often each step's code really ran
manifest     what must come out of each document, and the comparison
"""
