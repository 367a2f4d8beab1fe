from app import app
from app.models import Post


@app.route('/')
def index():
    posts = Post.query.order_by(Post.id).all()
    return '\n'.join('%s: %s' % (post.author.nickname, post.body)
                     for post in posts) or 'nothing yet'
